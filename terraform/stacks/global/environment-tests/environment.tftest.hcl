# Run with the values of an environment:
#   terraform test -test-directory=environment-tests -var-file=../../environments/prod/global.tfvars
mock_provider "aws" {
  source = "../../tests/aws"
}

mock_provider "aws" {
  alias  = "replica"
  source = "../../tests/aws"
}

run "environment" {
  command = plan

  assert {
    condition     = var.weights == tomap({ us-east-1 = 40, us-west-2 = 30, eu-west-1 = 30 })
    error_message = "traffic is shared 40/30/30 in every environment"
  }

  assert {
    condition     = length(var.evacuated) == 0
    error_message = "an evacuation is given with the command, and not left behind in the values"
  }

  assert {
    condition     = var.environment != "prod" || var.archive.retention_days >= 2557
    error_message = "prod keeps the record for seven years"
  }
}
