# A pipe from a queue to a function, with a filter, an enrichment and templates; and one of a stream.
variable "greeting" { default = "Hello" }

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = ["lambda.amazonaws.com", "pipes.amazonaws.com"] }
    }]
  })
}

resource "aws_sqs_queue" "source" {
  name = "${var.name}-source"
}

resource "aws_sqs_queue" "target" {
  name = "${var.name}-target"
}

resource "aws_kinesis_stream" "stream" {
  name        = var.name
  shard_count = 1
}

resource "aws_lambda_function" "enrich" {
  function_name = var.name
  role          = aws_iam_role.role.arn
  runtime       = var.runtime
  handler       = "index.handler"
  filename      = "code.zip"
}

resource "aws_pipes_pipe" "to_stream" {
  name       = var.name
  role_arn   = aws_iam_role.role.arn
  source     = aws_sqs_queue.source.arn
  enrichment = aws_lambda_function.enrich.arn
  target     = aws_kinesis_stream.stream.arn

  source_parameters {
    filter_criteria {
      filter {
        pattern = jsonencode({ body = { who = [{ exists = true }] } })
      }
    }
    sqs_queue_parameters {
      batch_size                         = 5
      maximum_batching_window_in_seconds = 1
    }
  }

  enrichment_parameters {
    input_template = "{\"who\": <$.body.who>}"
  }

  target_parameters {
    input_template = "{\"text\": \"${var.greeting} <$.who>\"}"
    kinesis_stream_parameters {
      partition_key = "$.who"
    }
  }

  tags = { team = "red" }
}

resource "aws_pipes_pipe" "to_queue" {
  name_prefix = "${var.name}-"
  role_arn    = aws_iam_role.role.arn
  source      = aws_kinesis_stream.stream.arn
  target      = aws_sqs_queue.target.arn

  source_parameters {
    kinesis_stream_parameters {
      batch_size        = 10
      starting_position = "TRIM_HORIZON"
    }
  }

  target_parameters {
    input_template = "<$.data.text> by <$.partitionKey>"
  }
}

output "source" { value = aws_sqs_queue.source.url }
output "target" { value = aws_sqs_queue.target.url }
output "pipe" { value = aws_pipes_pipe.to_stream.name }
