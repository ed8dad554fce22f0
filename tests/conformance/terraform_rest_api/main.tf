# REST APIs of every part that the provider has: one built of resources, one of an OpenAPI document.
variable "greeting" { default = "hello" }
variable "rate" { default = 20 }

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = ["lambda.amazonaws.com", "apigateway.amazonaws.com"] }
    }]
  })
}

resource "aws_lambda_function" "function" {
  function_name    = var.name
  role             = aws_iam_role.role.arn
  runtime          = var.runtime
  handler          = "index.handler"
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.built.execution_arn}/*/*"
}

resource "aws_cloudwatch_log_group" "access" {
  name = "/api/${var.name}"
}

resource "aws_api_gateway_account" "account" {
  cloudwatch_role_arn = aws_iam_role.role.arn
}

resource "aws_api_gateway_rest_api" "built" {
  name                         = var.name
  description                  = "built of resources"
  binary_media_types           = ["image/png", "application/octet-stream"]
  minimum_compression_size     = 1024
  api_key_source               = "HEADER"
  disable_execute_api_endpoint = false
  endpoint_configuration {
    types = ["REGIONAL"]
  }
  tags = { stage = "test" }
}

resource "aws_api_gateway_rest_api_policy" "policy" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = "${aws_api_gateway_rest_api.built.execution_arn}/*"
    }]
  })
}

resource "aws_api_gateway_resource" "pets" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  parent_id   = aws_api_gateway_rest_api.built.root_resource_id
  path_part   = "pets"
}

resource "aws_api_gateway_resource" "pet" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  parent_id   = aws_api_gateway_resource.pets.id
  path_part   = "{id}"
}

resource "aws_api_gateway_resource" "hello" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  parent_id   = aws_api_gateway_rest_api.built.root_resource_id
  path_part   = "hello"
}

resource "aws_api_gateway_model" "pet" {
  rest_api_id  = aws_api_gateway_rest_api.built.id
  name         = "Pet"
  description  = "an animal"
  content_type = "application/json"
  schema = jsonencode({
    "$schema"  = "http://json-schema.org/draft-04/schema#"
    type       = "object"
    properties = { name = { type = "string" } }
    required   = ["name"]
  })
}

resource "aws_api_gateway_request_validator" "all" {
  rest_api_id                 = aws_api_gateway_rest_api.built.id
  name                        = "all"
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_authorizer" "token" {
  rest_api_id                      = aws_api_gateway_rest_api.built.id
  name                             = "token"
  type                             = "TOKEN"
  authorizer_uri                   = aws_lambda_function.function.invoke_arn
  identity_source                  = "method.request.header.X-Token"
  identity_validation_expression   = "^x-.*"
  authorizer_result_ttl_in_seconds = 60
}

resource "aws_api_gateway_authorizer" "request" {
  rest_api_id     = aws_api_gateway_rest_api.built.id
  name            = "request"
  type            = "REQUEST"
  authorizer_uri  = aws_lambda_function.function.invoke_arn
  identity_source = "method.request.header.Authorization,method.request.querystring.who"
}

resource "aws_api_gateway_authorizer" "cognito" {
  rest_api_id   = aws_api_gateway_rest_api.built.id
  name          = "cognito"
  type          = "COGNITO_USER_POOLS"
  provider_arns = ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"]
}

resource "aws_api_gateway_method" "get_pet" {
  rest_api_id          = aws_api_gateway_rest_api.built.id
  resource_id          = aws_api_gateway_resource.pet.id
  http_method          = "GET"
  authorization        = "CUSTOM"
  authorizer_id        = aws_api_gateway_authorizer.token.id
  api_key_required     = true
  operation_name       = "getPet"
  request_validator_id = aws_api_gateway_request_validator.all.id
  request_parameters = {
    "method.request.path.id"           = true
    "method.request.querystring.depth" = false
  }
}

resource "aws_api_gateway_integration" "get_pet" {
  rest_api_id             = aws_api_gateway_rest_api.built.id
  resource_id             = aws_api_gateway_resource.pet.id
  http_method             = aws_api_gateway_method.get_pet.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.function.invoke_arn
  cache_key_parameters    = ["method.request.path.id"]
  request_parameters = {
    "integration.request.path.id" = "method.request.path.id"
  }
}

resource "aws_api_gateway_method" "post_pet" {
  rest_api_id          = aws_api_gateway_rest_api.built.id
  resource_id          = aws_api_gateway_resource.pets.id
  http_method          = "POST"
  authorization        = "COGNITO_USER_POOLS"
  authorizer_id        = aws_api_gateway_authorizer.cognito.id
  authorization_scopes = ["pets/write", "pets/all"]
  request_models       = { "application/json" = aws_api_gateway_model.pet.name }
}

resource "aws_api_gateway_integration" "post_pet" {
  rest_api_id             = aws_api_gateway_rest_api.built.id
  resource_id             = aws_api_gateway_resource.pets.id
  http_method             = aws_api_gateway_method.post_pet.http_method
  type                    = "HTTP"
  integration_http_method = "PUT"
  uri                     = "http://127.0.0.1:9/pets"
  passthrough_behavior    = "NEVER"
  timeout_milliseconds    = 5000
  request_templates       = { "application/json" = "$input.json('$')" }
}

resource "aws_api_gateway_method_response" "created" {
  rest_api_id         = aws_api_gateway_rest_api.built.id
  resource_id         = aws_api_gateway_resource.pets.id
  http_method         = aws_api_gateway_method.post_pet.http_method
  status_code         = "201"
  response_models     = { "application/json" = aws_api_gateway_model.pet.name }
  response_parameters = { "method.response.header.Location" = true }
}

resource "aws_api_gateway_integration_response" "created" {
  rest_api_id         = aws_api_gateway_rest_api.built.id
  resource_id         = aws_api_gateway_resource.pets.id
  http_method         = aws_api_gateway_method.post_pet.http_method
  status_code         = aws_api_gateway_method_response.created.status_code
  selection_pattern   = "2\\d{2}"
  response_parameters = { "method.response.header.Location" = "integration.response.header.Location" }
  response_templates  = { "application/json" = "$input.json('$')" }
  depends_on          = [aws_api_gateway_integration.post_pet]
}

resource "aws_api_gateway_method" "hello" {
  rest_api_id   = aws_api_gateway_rest_api.built.id
  resource_id   = aws_api_gateway_resource.hello.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "hello" {
  rest_api_id       = aws_api_gateway_rest_api.built.id
  resource_id       = aws_api_gateway_resource.hello.id
  http_method       = aws_api_gateway_method.hello.http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = 200 }) }
}

resource "aws_api_gateway_method_response" "hello" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  resource_id = aws_api_gateway_resource.hello.id
  http_method = aws_api_gateway_method.hello.http_method
  status_code = "200"
}

resource "aws_api_gateway_integration_response" "hello" {
  rest_api_id        = aws_api_gateway_rest_api.built.id
  resource_id        = aws_api_gateway_resource.hello.id
  http_method        = aws_api_gateway_method.hello.http_method
  status_code        = aws_api_gateway_method_response.hello.status_code
  response_templates = { "application/json" = jsonencode({ message = var.greeting }) }
  depends_on         = [aws_api_gateway_integration.hello]
}

resource "aws_api_gateway_gateway_response" "unauthorized" {
  rest_api_id         = aws_api_gateway_rest_api.built.id
  response_type       = "UNAUTHORIZED"
  status_code         = "418"
  response_templates  = { "application/json" = "{\"message\":$context.error.messageString}" }
  response_parameters = { "gatewayresponse.header.X-Hint" = "'token'" }
}

resource "aws_api_gateway_documentation_part" "get_pet" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  location {
    type   = "METHOD"
    method = "GET"
    path   = "/pets/{id}"
  }
  properties = jsonencode({ description = "one pet" })
}

resource "aws_api_gateway_documentation_version" "first" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  version     = "1"
  description = "first"
  depends_on  = [aws_api_gateway_documentation_part.get_pet]
}

resource "aws_api_gateway_deployment" "built" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  description = "by Terraform"
  triggers = {
    redeployment = sha1(jsonencode([
      aws_api_gateway_integration_response.hello.response_templates,
    ]))
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [
    aws_api_gateway_integration.get_pet,
    aws_api_gateway_integration_response.created,
    aws_api_gateway_integration_response.hello,
    aws_api_gateway_gateway_response.unauthorized,
    aws_api_gateway_rest_api_policy.policy,
  ]
}

resource "aws_api_gateway_client_certificate" "backend" {
  description = "for backends"
  tags        = { stage = "test" }
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id           = aws_api_gateway_rest_api.built.id
  deployment_id         = aws_api_gateway_deployment.built.id
  stage_name            = "live"
  description           = "what is served"
  variables             = { answer = "42", colour = "blue" }
  documentation_version = aws_api_gateway_documentation_version.first.version
  client_certificate_id = aws_api_gateway_client_certificate.backend.id
  xray_tracing_enabled  = true
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = "$context.requestId $context.status"
  }
  canary_settings {
    deployment_id            = aws_api_gateway_deployment.built.id
    percent_traffic          = 10
    stage_variable_overrides = { colour = "yellow" }
    use_stage_cache          = false
  }
  tags       = { stage = "test" }
  depends_on = [aws_api_gateway_account.account]
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "*/*"
  settings {
    metrics_enabled        = true
    logging_level          = "INFO"
    data_trace_enabled     = true
    throttling_rate_limit  = var.rate
    throttling_burst_limit = 50
  }
}

resource "aws_api_gateway_method_settings" "hello" {
  rest_api_id = aws_api_gateway_rest_api.built.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "hello/GET"
  settings {
    logging_level        = "ERROR"
    caching_enabled      = false
    cache_ttl_in_seconds = 30
  }
}

resource "aws_api_gateway_api_key" "key" {
  name        = var.name
  description = "a key"
  value       = "a-key-of-terraform-${var.name}-0123456789"
  tags        = { stage = "test" }
}

resource "aws_api_gateway_usage_plan" "plan" {
  name        = var.name
  description = "a plan"
  api_stages {
    api_id = aws_api_gateway_rest_api.built.id
    stage  = aws_api_gateway_stage.live.stage_name
    throttle {
      path        = "/pets/{id}/GET"
      burst_limit = 5
      rate_limit  = 2.5
    }
  }
  quota_settings {
    limit  = 1000
    offset = 2
    period = "WEEK"
  }
  throttle_settings {
    burst_limit = 10
    rate_limit  = var.rate
  }
  tags = { stage = "test" }
}

resource "aws_api_gateway_usage_plan_key" "key" {
  key_id        = aws_api_gateway_api_key.key.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.plan.id
}

resource "aws_api_gateway_rest_api" "document" {
  name              = "${var.name}-document"
  put_rest_api_mode = "overwrite"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "${var.name}-document", version = "1.0" }
    components = {
      schemas = { Greeting = { type = "object", properties = { message = { type = "string" } } } }
    }
    paths = {
      "/greet/{name}" = {
        get = {
          parameters = [{ name = "name", in = "path", required = true, schema = { type = "string" } }]
          responses = {
            "200" = {
              description = "a greeting"
              content     = { "application/json" = { schema = { "$ref" = "#/components/schemas/Greeting" } } }
            }
          }
          x-amazon-apigateway-integration = {
            type             = "mock"
            requestTemplates = { "application/json" = jsonencode({ statusCode = 200 }) }
            responses = {
              default = {
                statusCode        = "200"
                responseTemplates = { "application/json" = jsonencode({ message = var.greeting }) }
              }
            }
          }
        }
      }
    }
  })
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_deployment" "document" {
  rest_api_id = aws_api_gateway_rest_api.document.id
  triggers    = { redeployment = sha1(aws_api_gateway_rest_api.document.body) }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "document" {
  rest_api_id   = aws_api_gateway_rest_api.document.id
  deployment_id = aws_api_gateway_deployment.document.id
  stage_name    = "v1"
}

output "built" { value = aws_api_gateway_rest_api.built.id }
output "document" { value = aws_api_gateway_rest_api.document.id }
output "key" {
  value     = aws_api_gateway_api_key.key.value
  sensitive = true
}
