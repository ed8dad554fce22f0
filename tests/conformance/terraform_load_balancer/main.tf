# A load balancer in front of two functions, with a rule of each kind.
variable "text" { default = "fixed" }

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

resource "aws_security_group" "web" {
  name   = var.name
  vpc_id = data.aws_vpc.default.id
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
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

resource "aws_lambda_function" "function" {
  for_each         = toset(["blue", "green"])
  function_name    = "${var.name}-${each.key}"
  role             = aws_iam_role.role.arn
  runtime          = var.runtime
  handler          = "index.handler"
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
}

resource "aws_lb" "web" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = slice(sort(data.aws_subnets.default.ids), 0, 2)
  security_groups    = [aws_security_group.web.id]
  tags               = { made = "by Terraform" }
}

resource "aws_lb_target_group" "group" {
  for_each                           = aws_lambda_function.function
  name                               = "${var.name}-${each.key}"
  target_type                        = "lambda"
  lambda_multi_value_headers_enabled = each.key == "green"
  health_check {
    enabled             = each.key == "green"
    path                = "/health"
    matcher             = "200-299"
    interval            = 40
    timeout             = 30
    healthy_threshold   = 3
    unhealthy_threshold = 3
  }
}

resource "aws_lambda_permission" "balancer" {
  for_each      = aws_lb_target_group.group
  statement_id  = "balancer"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function[each.key].function_name
  principal     = "elasticloadbalancing.amazonaws.com"
  source_arn    = each.value.arn
}

resource "aws_lb_target_group_attachment" "function" {
  for_each         = aws_lb_target_group.group
  target_group_arn = each.value.arn
  target_id        = aws_lambda_function.function[each.key].arn
  depends_on       = [aws_lambda_permission.balancer]
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.group["blue"].arn
  }
}

resource "aws_lb_listener_rule" "path" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 10
  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = var.text
      status_code  = "200"
    }
  }
  condition {
    path_pattern { values = ["/fixed/*"] }
  }
  condition {
    http_request_method { values = ["GET", "HEAD"] }
  }
}

resource "aws_lb_listener_rule" "redirect" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 20
  action {
    type = "redirect"
    redirect {
      path        = "/new/#{path}"
      status_code = "HTTP_302"
    }
  }
  condition {
    query_string {
      key   = "moved"
      value = "y*"
    }
  }
}

resource "aws_lb_listener_rule" "weights" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 30
  action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.group["blue"].arn
        weight = 0
      }
      target_group {
        arn    = aws_lb_target_group.group["green"].arn
        weight = 100
      }
      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }
  condition {
    http_header {
      http_header_name = "X-Colour"
      values           = ["green"]
    }
  }
  condition {
    source_ip { values = ["127.0.0.0/8"] }
  }
}

resource "aws_lb_listener_rule" "host" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 40
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.group["green"].arn
  }
  condition {
    host_header { values = ["green.*.localhost"] }
  }
}

output "name" { value = aws_lb.web.name }
output "dns_name" { value = aws_lb.web.dns_name }
