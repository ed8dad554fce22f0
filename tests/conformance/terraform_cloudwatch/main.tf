# Monitoring of a function: a filter on its log, alarms with actions, a composite alarm, a query.
variable "threshold" { default = 1 }

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

resource "aws_lambda_function" "on_call" {
  function_name    = var.name
  role             = aws_iam_role.role.arn
  runtime          = var.runtime
  handler          = "index.handler"
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
}

resource "aws_lambda_permission" "alarms" {
  statement_id  = "alarms"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.on_call.function_name
  principal     = "lambda.alarms.cloudwatch.amazonaws.com"
  source_arn    = aws_cloudwatch_metric_alarm.failures.arn
}

resource "aws_sns_topic" "alarms" { name = var.name }

resource "aws_cloudwatch_log_group" "shop" {
  name              = "/${var.name}/shop"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_stream" "till" {
  name           = "till"
  log_group_name = aws_cloudwatch_log_group.shop.name
}

resource "aws_cloudwatch_log_metric_filter" "failures" {
  name           = "failures"
  log_group_name = aws_cloudwatch_log_group.shop.name
  pattern        = "{ $.level = \"ERROR\" }"
  metric_transformation {
    name          = "Failures"
    namespace     = var.name
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "latency" {
  name           = "latency"
  log_group_name = aws_cloudwatch_log_group.shop.name
  pattern        = "{ $.latency = * }"
  metric_transformation {
    name       = "Latency"
    namespace  = var.name
    value      = "$.latency"
    dimensions = { Way = "$.way" }
  }
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name          = "${var.name}-failures"
  alarm_description   = "The shop fails."
  namespace           = var.name
  metric_name         = aws_cloudwatch_log_metric_filter.failures.metric_transformation[0].name
  statistic           = "Sum"
  unit                = "Count"
  period              = 10
  evaluation_periods  = 2
  datapoints_to_alarm = 1
  threshold           = var.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_lambda_function.on_call.arn, aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = { team = "shop" }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${var.name}-slow"
  evaluation_periods  = 3
  threshold           = 99.5
  comparison_operator = "GreaterThanThreshold"
  metric_query {
    id          = "rate"
    expression  = "100 * failures / FILL(calls, 1)"
    label       = "Failures"
    return_data = true
  }
  metric_query {
    id = "failures"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      period      = 60
      stat        = "Sum"
      dimensions  = { FunctionName = aws_lambda_function.on_call.function_name }
    }
  }
  metric_query {
    id = "calls"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      period      = 60
      stat        = "Sum"
      dimensions  = { FunctionName = aws_lambda_function.on_call.function_name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "late" {
  alarm_name                            = "${var.name}-late"
  namespace                             = "AWS/Lambda"
  metric_name                           = "Duration"
  extended_statistic                    = "p99"
  evaluate_low_sample_count_percentiles = "ignore"
  period                                = 300
  evaluation_periods                    = 1
  threshold                             = 500
  comparison_operator                   = "GreaterThanThreshold"
  dimensions                            = { FunctionName = aws_lambda_function.on_call.function_name }
}

resource "aws_cloudwatch_composite_alarm" "shop" {
  alarm_name        = "${var.name}-shop"
  alarm_description = "Something is wrong."
  alarm_rule        = "ALARM(${aws_cloudwatch_metric_alarm.failures.alarm_name}) OR ALARM(${aws_cloudwatch_metric_alarm.slow.alarm_name})"
  alarm_actions     = [aws_sns_topic.alarms.arn]
  actions_suppressor {
    alarm            = aws_cloudwatch_metric_alarm.late.alarm_name
    wait_period      = 10
    extension_period = 20
  }
}

resource "aws_cloudwatch_query_definition" "failures" {
  name            = "${var.name}/failures"
  log_group_names = [aws_cloudwatch_log_group.shop.name]
  query_string    = <<-EOT
    fields @timestamp, level, way
    | filter level = "ERROR"
    | sort @timestamp desc
  EOT
}

output "group" { value = aws_cloudwatch_log_group.shop.name }
output "alarm" { value = aws_cloudwatch_metric_alarm.failures.alarm_name }
output "composite" { value = aws_cloudwatch_composite_alarm.shop.alarm_name }
output "query" { value = aws_cloudwatch_query_definition.failures.query_string }
