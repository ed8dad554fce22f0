# What a small service has: a function with layer, alias, URL, queue, bucket and schedule.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "runtime" { type = string }
variable "name" { type = string }
variable "timeout" { default = 5 }

provider "aws" {
  region                      = "us-east-1"
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false
  s3_use_path_style           = true
  endpoints {
    cloudwatchlogs = var.endpoint
    dynamodb       = var.endpoint
    events         = var.endpoint
    iam            = var.endpoint
    lambda         = var.endpoint
    s3             = var.endpoint
    sns            = var.endpoint
    sqs            = var.endpoint
    sts            = var.endpoint
  }
}

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_layer_version" "layer" {
  layer_name = var.name
  filename   = "layer.zip"
}

resource "aws_lambda_function" "function" {
  function_name    = var.name
  role             = aws_iam_role.role.arn
  runtime          = var.runtime
  handler          = "index.handler"
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
  layers           = [aws_lambda_layer_version.layer.arn]
  timeout          = var.timeout
  publish          = true
  environment {
    variables = { TABLE = aws_dynamodb_table.table.name }
  }
  tags = { stage = "test" }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version
}

resource "aws_lambda_function_url" "url" {
  function_name      = aws_lambda_function.function.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "NONE"
  cors {
    allow_origins = ["https://example.com"]
  }
}

resource "aws_lambda_function_event_invoke_config" "retries" {
  function_name                = aws_lambda_function.function.function_name
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 60
}

resource "aws_sqs_queue" "queue" {
  name = var.name
}

resource "aws_lambda_event_source_mapping" "mapping" {
  event_source_arn = aws_sqs_queue.queue.arn
  function_name    = aws_lambda_alias.live.arn
  batch_size       = 2
}

resource "aws_dynamodb_table" "table" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_s3_bucket" "bucket" {
  bucket        = var.name
  force_destroy = true
}

resource "aws_lambda_permission" "bucket" {
  statement_id  = "bucket"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.bucket.arn
}

resource "aws_s3_bucket_notification" "pushes" {
  bucket = aws_s3_bucket.bucket.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.function.arn
    events              = ["s3:ObjectCreated:*"]
    filter_suffix       = ".jpg"
  }
  depends_on = [aws_lambda_permission.bucket]
}

resource "aws_cloudwatch_event_rule" "rule" {
  name                = var.name
  schedule_expression = "rate(1 day)"
}

resource "aws_cloudwatch_event_target" "target" {
  rule = aws_cloudwatch_event_rule.rule.name
  arn  = aws_lambda_function.function.arn
}

resource "aws_sns_topic" "topic" {
  name = var.name
}

resource "aws_lambda_permission" "topic" {
  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.topic.arn
}

resource "aws_sns_topic_subscription" "subscription" {
  topic_arn = aws_sns_topic.topic.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.function.arn
}

output "version" { value = aws_lambda_function.function.version }
output "url" { value = aws_lambda_function_url.url.function_url }
