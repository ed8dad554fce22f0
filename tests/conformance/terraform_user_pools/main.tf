# A mobile app's users: a user pool with triggers, its clients, and an identity pool.

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_lambda_function" "trigger" {
  function_name    = var.name
  role             = aws_iam_role.role.arn
  handler          = "index.handler"
  runtime          = var.runtime
  filename         = "${path.module}/function.zip"
  source_code_hash = filebase64sha256("${path.module}/function.zip")
}

resource "aws_lambda_permission" "cognito" {
  statement_id  = "cognito"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.trigger.function_name
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = aws_cognito_user_pool.users.arn
}

resource "aws_cognito_user_pool" "users" {
  name                     = var.name
  auto_verified_attributes = ["email"]
  username_attributes      = ["email"]

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 10
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 3
  }

  schema {
    name                = "email"
    attribute_data_type = "String"
    mutable             = true
    required            = true
    string_attribute_constraints {
      min_length = 0
      max_length = 2048
    }
  }

  schema {
    name                = "plan"
    attribute_data_type = "String"
    mutable             = true
    string_attribute_constraints {
      min_length = 1
      max_length = 20
    }
  }

  lambda_config {
    pre_sign_up       = aws_lambda_function.trigger.arn
    post_confirmation = aws_lambda_function.trigger.arn
    pre_token_generation_config {
      lambda_arn     = aws_lambda_function.trigger.arn
      lambda_version = "V2_0"
    }
  }

  verification_message_template {
    default_email_option = "CONFIRM_WITH_CODE"
    email_message        = "Hello, your code is {####}"
    email_subject        = "Welcome"
  }

  admin_create_user_config {
    allow_admin_create_user_only = false
    invite_message_template {
      email_message = "You are {username}, the password is {####}"
      email_subject = "Invited"
      sms_message   = "{username}: {####}"
    }
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  tags = { project = var.name }
}

resource "aws_cognito_user_pool_client" "app" {
  name                          = "app"
  user_pool_id                  = aws_cognito_user_pool.users.id
  explicit_auth_flows           = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  access_token_validity         = 30
  id_token_validity             = 30
  refresh_token_validity        = 10
  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }
}

resource "aws_cognito_user_pool_client" "server" {
  name                                 = "server"
  user_pool_id                         = aws_cognito_user_pool.users.id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = aws_cognito_resource_server.api.scope_identifiers
}

resource "aws_cognito_user_pool_domain" "domain" {
  domain       = var.name
  user_pool_id = aws_cognito_user_pool.users.id
}

resource "aws_cognito_resource_server" "api" {
  identifier   = "api"
  name         = "api"
  user_pool_id = aws_cognito_user_pool.users.id
  scope {
    scope_name        = "read"
    scope_description = "Read things"
  }
}

resource "aws_cognito_user_group" "writers" {
  name         = "writers"
  user_pool_id = aws_cognito_user_pool.users.id
  description  = "They write"
  precedence   = 5
  role_arn     = aws_iam_role.role.arn
}

resource "aws_cognito_user" "ada" {
  user_pool_id = aws_cognito_user_pool.users.id
  username     = "ada@example.com"
  password     = "Secret1secret"
  attributes = {
    email          = "ada@example.com"
    email_verified = true
  }
  depends_on = [aws_lambda_permission.cognito]
}

resource "aws_cognito_user_in_group" "ada" {
  user_pool_id = aws_cognito_user_pool.users.id
  group_name   = aws_cognito_user_group.writers.name
  username     = aws_cognito_user.ada.username
}

resource "aws_cognito_identity_pool" "identities" {
  identity_pool_name               = var.name
  allow_unauthenticated_identities = true
  cognito_identity_providers {
    client_id               = aws_cognito_user_pool_client.app.id
    provider_name           = "cognito-idp.us-east-1.amazonaws.com/${aws_cognito_user_pool.users.id}"
    server_side_token_check = false
  }
}

resource "aws_cognito_identity_pool_roles_attachment" "roles" {
  identity_pool_id = aws_cognito_identity_pool.identities.id
  roles            = { authenticated = aws_iam_role.role.arn }
}

# Uploads reach the same function; a topic reaches a queue.
resource "aws_s3_bucket" "uploads" {
  bucket        = var.name
  force_destroy = true
}

resource "aws_lambda_permission" "s3" {
  statement_id  = "s3"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.trigger.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.uploads.arn
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket      = aws_s3_bucket.uploads.id
  eventbridge = true
  lambda_function {
    lambda_function_arn = aws_lambda_function.trigger.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "in/"
    filter_suffix       = ".jpg"
  }
  depends_on = [aws_lambda_permission.s3]
}

resource "aws_sqs_queue" "queue" {
  name       = "${var.name}.fifo"
  fifo_queue = true
}

resource "aws_sns_topic" "topic" {
  name                        = "${var.name}.fifo"
  fifo_topic                  = true
  content_based_deduplication = true
  sqs_success_feedback_role_arn    = aws_iam_role.role.arn
  sqs_success_feedback_sample_rate = 100
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn            = aws_sns_topic.topic.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.queue.arn
  raw_message_delivery = true
  filter_policy        = jsonencode({ kind = [{ "anything-but" = ["noise"] }] })
}

output "pool" { value = aws_cognito_user_pool.users.id }
output "client" { value = aws_cognito_user_pool_client.app.id }
output "identities" { value = aws_cognito_identity_pool.identities.id }
output "topic" { value = aws_sns_topic.topic.arn }
output "queue" { value = aws_sqs_queue.queue.id }
