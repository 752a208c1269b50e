mock_provider "aws" {
  source = "../../tests/aws"
}

mock_provider "aws" {
  alias  = "replica"
  source = "../../tests/aws"
}

variables {
  environment = "prod"
  domain      = "holdfast.example.com"
  weights     = { us-east-1 = 40, us-west-2 = 30, eu-west-1 = 30 }
  archive     = { replica_region = "us-west-2", retention_days = 2557, lock_mode = "GOVERNANCE" }
}

run "clients_are_given_one_name_and_the_archive_lies_in_us_east_1" {
  command = plan

  assert {
    condition     = output.client_name == "locks.holdfast.example.com"
    error_message = "one name for all clients"
  }

  assert {
    condition     = output.archive.region == "us-east-1" && output.archive.replica_region == "us-west-2"
    error_message = "the copy lies in another region"
  }
}

run "a_late_copy_pages" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.copies_late.dimensions.RuleId == "all"
    error_message = "the alarm is about the rule that copies everything"
  }
}

run "the_copy_beside_the_archive_is_refused" {
  command = plan

  variables {
    archive = { replica_region = "us-east-1", retention_days = 2557, lock_mode = "GOVERNANCE" }
  }

  expect_failures = [var.archive]
}

run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}
