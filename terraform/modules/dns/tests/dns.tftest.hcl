mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name       = "holdfast-test"
  domain     = "holdfast.example.com"
  weights    = { us-east-1 = 40, us-west-2 = 30, eu-west-1 = 30 }
  continents = { EU = "eu-west-1", AF = "eu-west-1" }
}

run "traffic_is_shared_40_30_30" {
  command = plan

  assert {
    condition     = { for region, record in aws_route53_record.share : region => record.weighted_routing_policy[0].weight } == { us-east-1 = 40, us-west-2 = 30, eu-west-1 = 30 }
    error_message = "shares are those the regions are built for"
  }
}

run "clients_go_to_the_nearest_region_or_that_of_their_continent" {
  command = plan

  assert {
    condition     = { for region, record in aws_route53_record.nearest : region => record.latency_routing_policy[0].region } == { us-east-1 = "us-east-1", us-west-2 = "us-west-2", eu-west-1 = "eu-west-1" }
    error_message = "each of the three regions has a latency record"
  }

  assert {
    condition     = aws_route53_record.continent["EU"].geolocation_routing_policy[0].continent == "EU" && one(aws_route53_record.continent["EU"].records) == "entry-eu-west-1.holdfast.example.com"
    error_message = "Europe goes to eu-west-1"
  }

  assert {
    condition     = aws_route53_record.everybody_else.geolocation_routing_policy[0].country == "*" && one(aws_route53_record.everybody_else.records) == "nearest.holdfast.example.com"
    error_message = "there is a default"
  }
}

run "no_answer_is_kept_for_more_than_a_minute" {
  command = plan

  assert {
    condition = alltrue([
      for record in concat(
        values(aws_route53_record.continent), [aws_route53_record.everybody_else], values(aws_route53_record.nearest),
        values(aws_route53_record.home), values(aws_route53_record.away), values(aws_route53_record.share),
      ) : record.ttl <= 60
    ])
    error_message = "every record ends within 60 s"
  }
}

run "every_record_has_a_health_check" {
  command = plan

  override_resource {
    target          = aws_route53_health_check.region
    override_during = plan
    values          = { id = "region" }
  }

  override_resource {
    target          = aws_route53_health_check.any
    override_during = plan
    values          = { id = "any" }
  }

  assert {
    condition = alltrue([
      for record in concat(
        values(aws_route53_record.continent), values(aws_route53_record.nearest),
        values(aws_route53_record.home), values(aws_route53_record.share),
      ) : record.health_check_id == "region"
    ])
    error_message = "what leads to one region asks that region"
  }

  assert {
    condition     = alltrue([for record in concat([aws_route53_record.everybody_else], values(aws_route53_record.away)) : record.health_check_id == "any"])
    error_message = "what leads to several asks whether any of them answers"
  }
}

run "health_is_ready_over_https" {
  command = plan

  assert {
    condition     = alltrue([for check in aws_route53_health_check.region : check.type == "HTTPS" && check.resource_path == "/ready" && check.port == 443 && check.enable_sni])
    error_message = "each region is asked for /ready over HTTPS"
  }

  assert {
    condition     = aws_route53_health_check.region["eu-west-1"].fqdn == "eu-west-1.holdfast.example.com"
    error_message = "each by its own name"
  }

  assert {
    condition     = aws_route53_health_check.any.type == "CALCULATED" && aws_route53_health_check.any.child_health_threshold == 1
    error_message = "any region is calculated"
  }

  assert {
    condition     = aws_route53_health_check.quorum.type == "CALCULATED" && aws_route53_health_check.quorum.child_health_threshold == 2
    error_message = "the quorum is two of three"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.health)) == toset(["eu-west-1", "quorum", "us-east-1", "us-west-2"])
    error_message = "an alarm tells of each, and of the quorum"
  }
}

run "an_evacuated_region_gets_no_client" {
  command = plan

  variables {
    evacuated = { eu-west-1 = 100 }
  }

  assert {
    condition     = aws_route53_record.home["eu-west-1"].weighted_routing_policy[0].weight == 0 && aws_route53_record.away["eu-west-1"].weighted_routing_policy[0].weight == 100
    error_message = "whoever would enter there is led away"
  }

  assert {
    condition     = aws_route53_record.share["eu-west-1"].weighted_routing_policy[0].weight == 0 && aws_route53_record.share["us-east-1"].weighted_routing_policy[0].weight == 40
    error_message = "and is not sent back"
  }

  assert {
    condition     = aws_route53_record.home["us-east-1"].weighted_routing_policy[0].weight == 100
    error_message = "the others stay as they are"
  }
}

run "a_region_is_evacuated_by_degrees" {
  command = plan

  variables {
    evacuated = { us-west-2 = 25 }
  }

  assert {
    condition     = aws_route53_record.home["us-west-2"].weighted_routing_policy[0].weight == 75 && aws_route53_record.away["us-west-2"].weighted_routing_policy[0].weight == 25
    error_message = "a quarter of its clients goes elsewhere"
  }
}

run "two_regions_are_refused" {
  command = plan

  variables {
    weights    = { us-east-1 = 50, us-west-2 = 50 }
    continents = {}
  }

  expect_failures = [var.weights]
}

run "weights_that_are_no_shares_are_refused" {
  command = plan

  variables {
    weights = { us-east-1 = 40, us-west-2 = 40, eu-west-1 = 40 }
  }

  expect_failures = [var.weights]
}

run "evacuating_a_majority_is_refused" {
  command = plan

  variables {
    evacuated = { us-east-1 = 100, us-west-2 = 100 }
  }

  expect_failures = [var.evacuated]
}

run "evacuating_a_region_that_is_none_is_refused" {
  command = plan

  variables {
    evacuated = { eu-central-1 = 100 }
  }

  expect_failures = [var.evacuated]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name        = "H"
    domain      = "Holdfast."
    ttl_seconds = 300
    continents  = { XX = "eu-west-1" }
  }

  expect_failures = [var.name, var.domain, var.ttl_seconds, var.continents]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:page"]
  }

  expect_failures = [var.alarm_topic_arns]
}
