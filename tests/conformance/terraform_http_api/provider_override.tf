provider "aws" {
  default_tags {
    tags = { owner = var.name }
  }
}
