terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
      # The second one stands in the region that holds the copy.
      configuration_aliases = [aws, aws.replica]
    }
  }
}
