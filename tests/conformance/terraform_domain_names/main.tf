# Custom domain names of REST APIs, with base paths and private links.
variable "base_path" { default = "first" }

resource "aws_api_gateway_rest_api" "api" { name = var.name }

resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = aws_api_gateway_rest_api.api.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "get" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  resource_id = aws_api_gateway_rest_api.api.root_resource_id
  http_method = aws_api_gateway_method.get.http_method
  type        = "MOCK"
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  depends_on  = [aws_api_gateway_integration.get]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  deployment_id = aws_api_gateway_deployment.api.id
  stage_name    = "live"
}

resource "aws_acm_certificate" "certificate" {
  domain_name       = "rest.${var.name}.example.com"
  validation_method = "DNS"
}

resource "aws_api_gateway_domain_name" "regional" {
  domain_name              = "rest.${var.name}.example.com"
  regional_certificate_arn = aws_acm_certificate.certificate.arn
  security_policy          = "TLS_1_2"
  endpoint_configuration { types = ["REGIONAL"] }
  tags = { base_path = var.base_path }
}

resource "aws_api_gateway_domain_name" "edge" {
  domain_name     = "edge.${var.name}.example.com"
  certificate_arn = aws_acm_certificate.certificate.arn
}

resource "aws_api_gateway_base_path_mapping" "regional" {
  api_id      = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  domain_name = aws_api_gateway_domain_name.regional.domain_name
  base_path   = var.base_path
}

resource "aws_api_gateway_base_path_mapping" "edge" {
  api_id      = aws_api_gateway_rest_api.api.id
  domain_name = aws_api_gateway_domain_name.edge.domain_name
}

resource "aws_apigatewayv2_api_mapping" "regional" {
  api_id          = aws_api_gateway_rest_api.api.id
  domain_name     = aws_api_gateway_domain_name.regional.domain_name
  stage           = aws_api_gateway_stage.live.stage_name
  api_mapping_key = "several/levels"
}

resource "aws_api_gateway_vpc_link" "link" {
  name        = var.name
  target_arns = ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/a/0123456789abcdef"]
  tags        = { base_path = var.base_path }
}
