# AWS's provider and the variables of every project beside this folder. AWS_ENDPOINT_URL is the engine.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "runtime" { type = string }
variable "name" { type = string }

provider "aws" {
  region                     = "us-east-1"
  skip_metadata_api_check    = true
  skip_requesting_account_id = false
  s3_use_path_style          = true
}
