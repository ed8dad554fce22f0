# The keys and values of CloudFront's stores: one by one, and a whole store.
variable "target" {
  type    = string
  default = "/first"
}

resource "aws_cloudfront_key_value_store" "some" { name = "${var.name}-some" }
resource "aws_cloudfront_key_value_store" "all" { name = "${var.name}-all" }

resource "aws_cloudfrontkeyvaluestore_key" "target" {
  key_value_store_arn = aws_cloudfront_key_value_store.some.arn
  key                 = "/old path?"
  value               = var.target
}

resource "aws_cloudfrontkeyvaluestore_keys_exclusive" "all" {
  key_value_store_arn = aws_cloudfront_key_value_store.all.arn
  dynamic "resource_key_value_pair" {
    # A changed value is put and then deleted by the provider (5.100): only keys come and go here.
    for_each = { a = "1", b = "ü", (var.target) = "x" }
    content {
      key   = resource_key_value_pair.key
      value = resource_key_value_pair.value
    }
  }
}

output "some" { value = aws_cloudfront_key_value_store.some.arn }
output "all" { value = aws_cloudfront_key_value_store.all.arn }
