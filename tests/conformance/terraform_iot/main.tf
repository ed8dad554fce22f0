# The back end of a fleet of sensors: registry, certificates, policies, rules, authorizer, settings.
variable "threshold" { default = 30 }

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_iot_endpoint" "data" { endpoint_type = "iot:Data-ATS" }
data "aws_iot_registration_code" "code" {}

locals {
  prefix     = "arn:aws:iot:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}"
  identifier = replace(var.name, "-", "_")
}

resource "aws_iam_role" "role" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = ["iot.amazonaws.com", "lambda.amazonaws.com"] }
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

resource "aws_lambda_permission" "iot" {
  statement_id  = "iot"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "iot.amazonaws.com"
  source_arn    = aws_iot_topic_rule.hot.arn
}

resource "aws_sqs_queue" "readings" { name = "${var.name}-readings" }
resource "aws_sqs_queue" "errors" { name = "${var.name}-errors" }

resource "aws_iot_thing_type" "sensor" {
  name = "${var.name}-sensor"
  properties {
    description           = "Measures the temperature"
    searchable_attributes = ["room"]
  }
  tags = { stage = "test" }
}

resource "aws_iot_thing" "one" {
  name            = "${var.name}-1"
  thing_type_name = aws_iot_thing_type.sensor.name
  attributes      = { room = "kitchen" }
}

resource "aws_iot_thing_group" "house" { name = "${var.name}-house" }

resource "aws_iot_thing_group" "floor" {
  name              = "${var.name}-floor"
  parent_group_name = aws_iot_thing_group.house.name
  properties {
    description = "The first floor"
    attribute_payload {
      attributes = { floor = "1" }
    }
  }
  tags = { stage = "test" }
}

resource "aws_iot_thing_group_membership" "one" {
  thing_name       = aws_iot_thing.one.name
  thing_group_name = aws_iot_thing_group.floor.name
}

resource "aws_iot_billing_group" "payer" {
  name = "${var.name}-payer"
  properties {
    description = "Who pays"
  }
  tags = { stage = "test" }
}

resource "aws_iot_certificate" "one" { active = true }

resource "aws_iot_certificate" "requested" {
  csr    = file("request.pem")
  active = false
}

resource "aws_iot_ca_certificate" "own" {
  active                       = true
  allow_auto_registration      = false
  ca_certificate_pem           = file("authority.pem")
  certificate_mode             = "SNI_ONLY"
  tags                         = { stage = "test" }
}

resource "aws_iot_thing_principal_attachment" "one" {
  thing     = aws_iot_thing.one.name
  principal = aws_iot_certificate.one.arn
}

resource "aws_iot_policy" "device" {
  name = "${var.name}-device"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "iot:Connect"
        Resource = "${local.prefix}:client/$${iot:Connection.Thing.ThingName}"
      },
      {
        Effect   = "Allow"
        Action   = ["iot:Publish", "iot:Receive"]
        Resource = "${local.prefix}:topic/${var.name}/over/${var.threshold}/*"
      },
      {
        Effect   = "Allow"
        Action   = "iot:Publish"
        Resource = "${local.prefix}:topic/${var.name}/*"
      },
    ]
  })
  tags = { stage = "test" }
}

resource "aws_iot_policy_attachment" "one" {
  policy = aws_iot_policy.device.name
  target = aws_iot_certificate.one.arn
}

resource "aws_iot_policy_attachment" "floor" {
  policy = aws_iot_policy.device.name
  target = aws_iot_thing_group.floor.arn
}

resource "aws_iot_topic_rule" "hot" {
  name        = "${local.identifier}_hot"
  description = "Tells of heat"
  enabled     = true
  sql         = "SELECT temp, clientid() AS device FROM '${var.name}/+/temp' WHERE temp > ${var.threshold}"
  sql_version = "2016-03-23"

  lambda {
    function_arn = aws_lambda_function.function.arn
  }
  sqs {
    queue_url  = aws_sqs_queue.readings.url
    role_arn   = aws_iam_role.role.arn
    use_base64 = false
  }
  error_action {
    sqs {
      queue_url  = aws_sqs_queue.errors.url
      role_arn   = aws_iam_role.role.arn
      use_base64 = false
    }
  }
  tags = { stage = "test" }
}

resource "aws_iot_authorizer" "tokens" {
  name                    = "${var.name}-tokens"
  authorizer_function_arn = aws_lambda_function.function.arn
  signing_disabled        = false
  status                  = "ACTIVE"
  token_key_name          = "token"
  token_signing_public_keys = {
    first = file("public.pem")
  }
  tags = { stage = "test" }
}

resource "aws_iot_role_alias" "alias" {
  alias               = "${var.name}-alias"
  role_arn            = aws_iam_role.role.arn
  credential_duration = 1800
  tags                = { stage = "test" }
}

resource "aws_iot_provisioning_template" "fleet" {
  name                  = "fleet-${substr(sha256(var.name), 0, 20)}"
  description           = "Makes a thing of each device"
  provisioning_role_arn = aws_iam_role.role.arn
  enabled               = true
  template_body = jsonencode({
    Parameters = { SerialNumber = { Type = "String" }, "AWS::IoT::Certificate::Id" = { Type = "String" } }
    Resources = {
      certificate = {
        Type       = "AWS::IoT::Certificate"
        Properties = { CertificateId = { Ref = "AWS::IoT::Certificate::Id" }, Status = "Active" }
      }
      thing = {
        Type       = "AWS::IoT::Thing"
        Properties = { ThingName = { "Fn::Join" = ["", ["device-", { Ref = "SerialNumber" }]] } }
      }
      policy = { Type = "AWS::IoT::Policy", Properties = { PolicyName = aws_iot_policy.device.name } }
    }
  })
  tags = { stage = "test" }
}

resource "aws_iot_domain_configuration" "data" {
  name         = "${var.name}-data"
  service_type = "DATA"
  authorizer_config {
    allow_authorizer_override = true
    default_authorizer_name   = aws_iot_authorizer.tokens.name
  }
  tags = { stage = "test" }
}

resource "aws_iot_logging_options" "logs" {
  default_log_level = "WARN"
  role_arn          = aws_iam_role.role.arn
}

resource "aws_iot_event_configurations" "events" {
  event_configurations = {
    THING                  = true
    THING_GROUP            = false
    THING_TYPE             = false
    THING_GROUP_MEMBERSHIP = false
    THING_GROUP_HIERARCHY  = false
    THING_TYPE_ASSOCIATION = false
    JOB                    = false
    JOB_EXECUTION          = false
    POLICY                 = false
    CERTIFICATE            = true
    CA_CERTIFICATE         = false
  }
}

resource "aws_iot_indexing_configuration" "index" {
  thing_indexing_configuration {
    thing_indexing_mode = "REGISTRY"
    custom_field {
      name = "attributes.room"
      type = "String"
    }
  }
}

output "endpoint" { value = data.aws_iot_endpoint.data.endpoint_address }
output "thing" { value = aws_iot_thing.one.name }
output "topics" { value = var.name }
output "queue" { value = aws_sqs_queue.readings.url }
output "certificate" {
  value     = aws_iot_certificate.one.certificate_pem
  sensitive = true
}
output "key" {
  value     = aws_iot_certificate.one.private_key
  sensitive = true
}
output "rule" { value = aws_iot_topic_rule.hot.name }
output "policy" { value = aws_iot_policy.device.name }
output "requested" {
  value     = aws_iot_certificate.requested.certificate_pem
  sensitive = true
}
