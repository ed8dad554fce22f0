# A small project around EventBridge and its Scheduler: AWS's own provider talks to the engine.

variable "webhook" { type = string }

data "aws_caller_identity" "me" {}

resource "aws_sqs_queue" "out" {
  name = "${var.name}-out"
}

resource "aws_sqs_queue" "dead" {
  name = "${var.name}-dead"
}

resource "aws_iam_role" "events" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["events.amazonaws.com", "scheduler.amazonaws.com"] }
    }]
  })
}

resource "aws_cloudwatch_event_bus" "shop" {
  name        = "${var.name}-shop"
  description = "orders"
  tags        = { project = var.name }
}

resource "aws_cloudwatch_event_permission" "friend" {
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  principal      = "111122223333"
  statement_id   = "friend"
}

resource "aws_cloudwatch_event_rule" "orders" {
  name           = "${var.name}-orders"
  description    = "large orders"
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  event_pattern = jsonencode({
    source = [var.name]
    detail = { total = [{ numeric = [">", 100] }] }
  })
  tags = { project = var.name }
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.orders.name
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  target_id      = "queue"
  arn            = aws_sqs_queue.out.arn

  input_transformer {
    input_paths    = { total = "$.detail.total" }
    input_template = "{\"total\": <total>, \"rule\": <aws.events.rule-name>}"
  }

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 1
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
}

resource "aws_cloudwatch_event_archive" "orders" {
  name             = "${var.name}-orders"
  event_source_arn = aws_cloudwatch_event_bus.shop.arn
  retention_days   = 7
  event_pattern    = jsonencode({ source = [var.name] })
}

resource "aws_cloudwatch_event_connection" "webhook" {
  name               = "${var.name}-webhook"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "x-key"
      value = "secret"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "webhook" {
  name                             = "${var.name}-webhook"
  invocation_endpoint              = var.webhook
  http_method                      = "POST"
  invocation_rate_limit_per_second = 20
  connection_arn                   = aws_cloudwatch_event_connection.webhook.arn
}

resource "aws_cloudwatch_event_target" "webhook" {
  rule           = aws_cloudwatch_event_rule.orders.name
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  target_id      = "webhook"
  arn            = aws_cloudwatch_event_api_destination.webhook.arn
  role_arn       = aws_iam_role.events.arn
  input_path     = "$.detail"
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "${var.name}-nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_scheduler_schedule_group" "jobs" {
  name = "${var.name}-jobs"
  tags = { project = var.name }
}

resource "aws_scheduler_schedule" "tick" {
  name                         = "${var.name}-tick"
  group_name                   = aws_scheduler_schedule_group.jobs.name
  schedule_expression          = "rate(1 hour)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.out.arn
    role_arn = aws_iam_role.events.arn
    input    = "{\"tick\": \"<aws.scheduler.attempt-number>\"}" # jsonencode escapes < and >

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}

resource "aws_scheduler_schedule" "universal" {
  name                = "${var.name}-universal"
  group_name          = aws_scheduler_schedule_group.jobs.name
  schedule_expression = "cron(0 12 ? * MON-FRI *)"
  state               = "DISABLED"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    role_arn = aws_iam_role.events.arn
    input = jsonencode({
      QueueUrl    = aws_sqs_queue.out.url
      MessageBody = "noon"
    })
  }
}

output "bus" { value = aws_cloudwatch_event_bus.shop.name }
output "queue" { value = aws_sqs_queue.out.url }
