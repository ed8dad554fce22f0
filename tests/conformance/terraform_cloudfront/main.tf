# A site at the edge: bucket and server behind it, functions of both kinds, keys, policies and logs.
variable "comment" { default = "a site" }
variable "deploying" { default = false }

data "aws_caller_identity" "me" {}
data "aws_cloudfront_cache_policy" "optimized" { name = "Managed-CachingOptimized" }
data "aws_cloudfront_cache_policy" "disabled" { name = "Managed-CachingDisabled" }
data "aws_cloudfront_origin_request_policy" "viewer" { name = "Managed-AllViewerExceptHostHeader" }
data "aws_cloudfront_response_headers_policy" "cors" { name = "Managed-SimpleCORS" }

resource "aws_s3_bucket" "site" {
  bucket        = var.name
  force_destroy = true
}

resource "aws_s3_bucket" "logs" {
  bucket        = "${var.name}-logs"
  force_destroy = true
}

resource "aws_s3_object" "page" {
  bucket       = aws_s3_bucket.site.id
  key          = "index.html"
  content      = "<h1>${var.name}</h1>"
  content_type = "text/html"
}

resource "aws_cloudfront_origin_access_control" "bucket" {
  name                              = var.name
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_origin_access_identity" "old" { comment = var.comment }

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.site.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.site.arn]
    }
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.site.arn}/old/*"]
    principals {
      type        = "AWS"
      identifiers = [aws_cloudfront_origin_access_identity.old.iam_arn]
    }
  }
}

resource "aws_s3_bucket_policy" "read" {
  bucket = aws_s3_bucket.site.id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_cloudfront_cache_policy" "api" {
  name        = var.name
  comment     = var.comment
  min_ttl     = 1
  default_ttl = 50
  max_ttl     = 100
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    cookies_config {
      cookie_behavior = "whitelist"
      cookies { items = ["session"] }
    }
    headers_config {
      header_behavior = "whitelist"
      headers { items = ["X-Tenant"] }
    }
    query_strings_config {
      query_string_behavior = "allExcept"
      query_strings { items = ["utm_source"] }
    }
  }
}

resource "aws_cloudfront_origin_request_policy" "api" {
  name = var.name
  cookies_config { cookie_behavior = "all" }
  headers_config {
    header_behavior = "allViewerAndWhitelistCloudFront"
    headers { items = ["CloudFront-Viewer-Country"] }
  }
  query_strings_config { query_string_behavior = "all" }
}

resource "aws_cloudfront_response_headers_policy" "secure" {
  name = var.name
  cors_config {
    access_control_allow_credentials = false
    origin_override                  = true
    access_control_max_age_sec       = 600
    access_control_allow_headers { items = ["X-A"] }
    access_control_allow_methods { items = ["GET"] }
    access_control_allow_origins { items = ["https://a.example"] }
  }
  security_headers_config {
    content_type_options { override = true }
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
  }
  custom_headers_config {
    items {
      header   = "X-Site"
      value    = var.comment
      override = true
    }
  }
  remove_headers_config {
    items { header = "Server" }
  }
  server_timing_headers_config {
    enabled       = true
    sampling_rate = 50
  }
}

resource "aws_cloudfront_key_value_store" "routes" {
  name    = var.name
  comment = var.comment
}

resource "aws_cloudfront_function" "rewrite" {
  name                         = var.name
  runtime                      = "cloudfront-js-2.0"
  comment                      = var.comment
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.routes.arn]
  code                         = <<-EOT
    function handler(event) {
      // ${var.comment}
      return event.request;
    }
  EOT
}

resource "aws_cloudfront_public_key" "signer" {
  name        = var.name
  encoded_key = file("public.pem")
}

resource "aws_cloudfront_key_group" "signers" {
  name  = var.name
  items = [aws_cloudfront_public_key.signer.id]
}

resource "aws_kinesis_stream" "visits" {
  name        = var.name
  shard_count = 1
}

resource "aws_iam_role" "edge" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action = "sts:AssumeRole"
      Effect = "Allow"
      Principal = {
        Service = ["cloudfront.amazonaws.com", "edgelambda.amazonaws.com", "lambda.amazonaws.com"]
      }
    }]
  })
}

resource "aws_cloudfront_realtime_log_config" "visits" {
  name          = var.name
  sampling_rate = 75
  fields        = ["timestamp", "c-ip", "sc-status"]
  endpoint {
    stream_type = "Kinesis"
    kinesis_stream_config {
      role_arn   = aws_iam_role.edge.arn
      stream_arn = aws_kinesis_stream.visits.arn
    }
  }
}

resource "aws_lambda_function" "headers" {
  function_name    = var.name
  role             = aws_iam_role.edge.arn
  runtime          = var.runtime
  handler          = "index.handler"
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
  publish          = true
}

resource "aws_cloudfront_distribution" "site" {
  enabled             = true
  comment             = var.comment
  default_root_object = "index.html"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100"
  wait_for_deployment = false
  continuous_deployment_policy_id = (
    var.deploying ? aws_cloudfront_continuous_deployment_policy.try.id : null
  )
  tags = { stage = "test" }

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.bucket.id
  }
  origin {
    origin_id   = "old"
    domain_name = aws_s3_bucket.site.bucket_regional_domain_name
    s3_origin_config {
      origin_access_identity = aws_cloudfront_origin_access_identity.old.cloudfront_access_identity_path
    }
  }
  origin {
    origin_id   = "server"
    domain_name = "server.example"
    origin_path = "/v1"
    custom_header {
      name  = "X-From"
      value = "edge"
    }
    custom_origin_config {
      http_port              = 8080
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 20
    }
  }
  origin_group {
    origin_id = "either"
    failover_criteria { status_codes = [500, 503] }
    member { origin_id = "bucket" }
    member { origin_id = "old" }
  }

  default_cache_behavior {
    target_origin_id           = "either"
    viewer_protocol_policy     = "allow-all"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.secure.id
    realtime_log_config_arn    = aws_cloudfront_realtime_log_config.visits.arn
    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.rewrite.arn
    }
    lambda_function_association {
      event_type = "origin-response"
      lambda_arn = aws_lambda_function.headers.qualified_arn
    }
  }
  ordered_cache_behavior {
    path_pattern               = "/api/*"
    target_origin_id           = "server"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD", "OPTIONS"]
    cache_policy_id            = aws_cloudfront_cache_policy.api.id
    origin_request_policy_id   = aws_cloudfront_origin_request_policy.api.id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.cors.id
  }
  ordered_cache_behavior {
    path_pattern           = "/private/*"
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = data.aws_cloudfront_cache_policy.disabled.id
    trusted_key_groups     = [aws_cloudfront_key_group.signers.id]
  }
  ordered_cache_behavior {
    path_pattern             = "/live/*"
    target_origin_id         = "server"
    viewer_protocol_policy   = "allow-all"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = data.aws_cloudfront_cache_policy.disabled.id
    origin_request_policy_id = data.aws_cloudfront_origin_request_policy.viewer.id
  }
  ordered_cache_behavior {
    path_pattern           = "/legacy/*"
    target_origin_id       = "server"
    viewer_protocol_policy = "allow-all"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    min_ttl                = 0
    default_ttl            = 60
    max_ttl                = 120
    forwarded_values {
      query_string            = true
      query_string_cache_keys = ["page"]
      headers                 = ["Origin"]
      cookies {
        forward           = "whitelist"
        whitelisted_names = ["session"]
      }
    }
  }
  custom_error_response {
    error_code            = 404
    response_code         = 200
    response_page_path    = "/index.html"
    error_caching_min_ttl = 30
  }
  logging_config {
    bucket          = aws_s3_bucket.logs.bucket_domain_name
    include_cookies = true
    prefix          = "site/"
  }
  restrictions {
    geo_restriction {
      restriction_type = "blacklist"
      locations        = ["AQ"]
    }
  }
  viewer_certificate { cloudfront_default_certificate = true }
}

resource "aws_cloudfront_distribution" "staging" {
  enabled             = true
  staging             = true
  wait_for_deployment = false
  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.bucket.id
  }
  default_cache_behavior {
    target_origin_id       = "bucket"
    viewer_protocol_policy = "allow-all"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = data.aws_cloudfront_cache_policy.optimized.id
  }
  restrictions {
    geo_restriction { restriction_type = "none" }
  }
  viewer_certificate { cloudfront_default_certificate = true }
}

resource "aws_cloudfront_continuous_deployment_policy" "try" {
  enabled = true
  staging_distribution_dns_names {
    items    = [aws_cloudfront_distribution.staging.domain_name]
    quantity = 1
  }
  traffic_config {
    type = "SingleWeight"
    single_weight_config {
      weight = "0.15"
      session_stickiness_config {
        idle_ttl    = 300
        maximum_ttl = 600
      }
    }
  }
}

resource "aws_cloudfront_monitoring_subscription" "site" {
  distribution_id = aws_cloudfront_distribution.site.id
  monitoring_subscription {
    realtime_metrics_subscription_config { realtime_metrics_subscription_status = "Enabled" }
  }
}

output "distribution" { value = aws_cloudfront_distribution.site.id }
output "domain" { value = aws_cloudfront_distribution.site.domain_name }
output "function" { value = aws_cloudfront_function.rewrite.name }
output "cache_policy" { value = aws_cloudfront_cache_policy.api.id }
