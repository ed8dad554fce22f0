# HTTP and WebSocket APIs with every kind of aws_apigatewayv2 resource.
variable "burst" { default = 50 }
variable "second_route" { default = "GET /items/{id}" }
variable "extra" { default = "one" }

locals {
  function = "arn:aws:lambda:us-east-1:000000000000:function:${var.name}"
  invoke   = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${local.function}/invocations"
}

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "queue" { name = var.name }

resource "aws_cloudwatch_log_group" "access" { name = "/apis/${var.name}" }

# The HTTP API

resource "aws_apigatewayv2_api" "http" {
  name          = var.name
  protocol_type = "HTTP"
  description   = "items ${var.extra}"
  version       = "v1"
  cors_configuration {
    allow_credentials = true
    allow_headers     = ["authorization", "content-type"]
    allow_methods     = ["GET", "POST"]
    allow_origins     = ["https://example.com"]
    expose_headers    = ["x-total"]
    max_age           = 300
  }
  tags = { kind = "http" }
}

resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = local.function
  payload_format_version = "2.0"
  timeout_milliseconds   = 5000
  request_parameters = {
    "append:header.x-extra"                                              = "$context.requestId"
    "overwrite:querystring.q"                                            = var.extra
    (var.extra == "one" ? "append:header.x-one" : "append:header.x-two") = "1"
  }
  response_parameters {
    status_code = 403
    mappings    = { "append:header.x-why" = "$context.authorizer.error" }
  }
}

resource "aws_apigatewayv2_integration" "elsewhere" {
  api_id             = aws_apigatewayv2_api.http.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = "https://example.com/{proxy}"
}

resource "aws_apigatewayv2_integration" "queue" {
  api_id              = aws_apigatewayv2_api.http.id
  integration_type    = "AWS_PROXY"
  integration_subtype = "SQS-SendMessage"
  credentials_arn     = aws_iam_role.role.arn
  request_parameters = {
    QueueUrl    = aws_sqs_queue.queue.url
    MessageBody = "$request.body"
  }
}

resource "aws_apigatewayv2_vpc_link" "link" {
  name               = var.name
  security_group_ids = ["sg-12345678"]
  subnet_ids         = ["subnet-12345678", "subnet-87654321"]
}

resource "aws_apigatewayv2_integration" "private" {
  api_id             = aws_apigatewayv2_api.http.id
  integration_type   = "HTTP_PROXY"
  integration_method = "GET"
  integration_uri    = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/a/1/2"
  connection_type    = "VPC_LINK"
  connection_id      = aws_apigatewayv2_vpc_link.link.id
  tls_config { server_name_to_verify = "example.com" }
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.http.id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  name             = "jwt"
  jwt_configuration {
    audience = ["app"]
    issuer   = "https://issuer.example.com"
  }
}

resource "aws_apigatewayv2_authorizer" "function" {
  api_id                            = aws_apigatewayv2_api.http.id
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = local.invoke
  identity_sources                  = ["$request.header.Authorization"]
  name                              = "function"
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true
  authorizer_result_ttl_in_seconds  = 60
}

resource "aws_apigatewayv2_route" "items" {
  api_id               = aws_apigatewayv2_api.http.id
  route_key            = "GET /items"
  target               = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type   = "JWT"
  authorizer_id        = aws_apigatewayv2_authorizer.jwt.id
  authorization_scopes = ["items/read"]
  operation_name       = "ListItems"
}

resource "aws_apigatewayv2_route" "item" {
  api_id             = aws_apigatewayv2_api.http.id
  route_key          = var.second_route
  target             = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.function.id
}

resource "aws_apigatewayv2_route" "signed" {
  api_id             = aws_apigatewayv2_api.http.id
  route_key          = "POST /queue"
  target             = "integrations/${aws_apigatewayv2_integration.queue.id}"
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_route" "rest" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "ANY /elsewhere/{proxy+}"
  target    = "integrations/${aws_apigatewayv2_integration.elsewhere.id}"
}

resource "aws_apigatewayv2_route" "default" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.function.id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = "$context.requestId $context.status"
  }
  default_route_settings {
    throttling_burst_limit = var.burst
    throttling_rate_limit  = 100
  }
  route_settings {
    route_key                = aws_apigatewayv2_route.items.route_key
    detailed_metrics_enabled = true
    throttling_burst_limit   = 5
    throttling_rate_limit    = 2.5
  }
  stage_variables = {
    table                            = var.extra
    (var.extra == "one" ? "a" : "b") = "1"
  }
}

resource "aws_apigatewayv2_deployment" "fixed" {
  api_id      = aws_apigatewayv2_api.http.id
  description = "by hand"
  depends_on = [
    aws_apigatewayv2_route.items,
    aws_apigatewayv2_route.item,
    aws_apigatewayv2_route.default,
  ]
  lifecycle { create_before_destroy = true }
}

resource "aws_apigatewayv2_stage" "live" {
  api_id        = aws_apigatewayv2_api.http.id
  name          = "live"
  deployment_id = aws_apigatewayv2_deployment.fixed.id
}

resource "aws_apigatewayv2_api" "quick" {
  name          = "${var.name}-quick"
  protocol_type = "HTTP"
  target        = local.function
  route_key     = "GET /quick"
}

resource "aws_apigatewayv2_api" "imported" {
  name          = "${var.name}-imported"
  protocol_type = "HTTP"
  version       = "1"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "${var.name}-imported", version = "1" }
    paths = {
      "/pets-${var.extra}/{id}" = {
        get = {
          responses = {}
          x-amazon-apigateway-integration = {
            type                 = "aws_proxy"
            httpMethod           = "POST"
            uri                  = local.invoke
            payloadFormatVersion = "2.0"
          }
        }
      }
    }
  })
}

# A custom domain name

resource "aws_acm_certificate" "certificate" {
  domain_name       = "api.${var.name}.example.com"
  validation_method = "DNS"
}

resource "aws_apigatewayv2_domain_name" "domain" {
  domain_name = "api.${var.name}.example.com"
  domain_name_configuration {
    certificate_arn = aws_acm_certificate.certificate.arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "mapping" {
  api_id          = aws_apigatewayv2_api.http.id
  domain_name     = aws_apigatewayv2_domain_name.domain.id
  stage           = aws_apigatewayv2_stage.default.id
  api_mapping_key = "items/${var.extra}"
}

# The WebSocket API

resource "aws_apigatewayv2_api" "socket" {
  name                       = "${var.name}-socket"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_integration" "socket" {
  api_id                    = aws_apigatewayv2_api.socket.id
  integration_type          = "AWS"
  integration_method        = "POST"
  integration_uri           = local.invoke
  content_handling_strategy = "CONVERT_TO_TEXT"
  passthrough_behavior      = "WHEN_NO_MATCH"
  request_templates         = { "application/json" = "{\"body\": \"$input.body\"}" }
}

resource "aws_apigatewayv2_integration_response" "socket" {
  api_id                   = aws_apigatewayv2_api.socket.id
  integration_id           = aws_apigatewayv2_integration.socket.id
  integration_response_key = "/200/"
  response_templates       = { "application/json" = "$input.body" }
}

resource "aws_apigatewayv2_integration" "mock" {
  api_id           = aws_apigatewayv2_api.socket.id
  integration_type = "MOCK"
}

resource "aws_apigatewayv2_model" "message" {
  api_id       = aws_apigatewayv2_api.socket.id
  content_type = "application/json"
  name         = "message"
  schema       = jsonencode({ type = "object", properties = { text = { type = "string" } } })
}

resource "aws_apigatewayv2_authorizer" "socket" {
  api_id           = aws_apigatewayv2_api.socket.id
  authorizer_type  = "REQUEST"
  authorizer_uri   = local.invoke
  identity_sources = ["route.request.header.Auth"]
  name             = "socket"
}

resource "aws_apigatewayv2_route" "connect" {
  api_id             = aws_apigatewayv2_api.socket.id
  route_key          = "$connect"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.socket.id
  target             = "integrations/${aws_apigatewayv2_integration.mock.id}"
  request_parameter {
    request_parameter_key = "route.request.header.authorization"
    required              = true
  }
}

resource "aws_apigatewayv2_route" "say" {
  api_id                              = aws_apigatewayv2_api.socket.id
  route_key                           = "say"
  target                              = "integrations/${aws_apigatewayv2_integration.socket.id}"
  model_selection_expression          = "action"
  request_models                      = { action = aws_apigatewayv2_model.message.name }
  route_response_selection_expression = "$default"
}

resource "aws_apigatewayv2_route_response" "say" {
  api_id             = aws_apigatewayv2_api.socket.id
  route_id           = aws_apigatewayv2_route.say.id
  route_response_key = "$default"
}

resource "aws_apigatewayv2_deployment" "socket" {
  api_id     = aws_apigatewayv2_api.socket.id
  depends_on = [aws_apigatewayv2_route.connect, aws_apigatewayv2_route.say]
}

resource "aws_apigatewayv2_stage" "socket" {
  api_id        = aws_apigatewayv2_api.socket.id
  name          = "live"
  deployment_id = aws_apigatewayv2_deployment.socket.id
  default_route_settings {
    data_trace_enabled     = true
    logging_level          = "INFO"
    throttling_burst_limit = 10
    throttling_rate_limit  = 5
  }
}

output "http" { value = aws_apigatewayv2_api.http.id }
output "socket" { value = aws_apigatewayv2_api.socket.id }
output "endpoint" { value = aws_apigatewayv2_api.http.api_endpoint }
output "socket_url" { value = aws_apigatewayv2_stage.socket.invoke_url }
