# The three services by Terraform: sandgate run -- sh terraform/test.sh
# The provider takes region, key and AWS_ENDPOINT_URL from the environment, as every SDK does.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "namespace" {
  type        = string
  description = "Part of every name, so that two runs do not meet."
}

provider "aws" {
  # The gate has one address; a bucket stands in its path.
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_credentials_validation = true
}

resource "aws_dynamodb_table" "crud" {
  name         = "test_${var.namespace}_terraform"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }
}

resource "aws_s3_bucket" "uploads" {
  bucket        = "test-${var.namespace}-terraform"
  force_destroy = true
}

resource "aws_sqs_queue" "actions" {
  name          = "test_${var.namespace}_terraform"
  delay_seconds = 1
}

output "queue_url" {
  value = aws_sqs_queue.actions.url
}
