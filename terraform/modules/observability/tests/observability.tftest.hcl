mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name        = "holdfast-test"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  pages       = { pagerduty = { protocol = "https", endpoint = "https://events.example.com/page" } }

  load_balancer = {
    load_balancer = "net/holdfast-test/1"
    target_group  = "targetgroup/holdfast-test/2"
  }

  kafka             = { cluster_name = "holdfast-test", brokers = 1 }
  postgres_instance = { identifier = "holdfast-test", volume_gb = 100 }
  redis_nodes       = ["holdfast-test-001", "holdfast-test-002"]
}

run "everything_that_is_there_is_watched" {
  command = plan

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "routers-too-few", "routers-some-down",
      "kafka-offline-partitions", "kafka-disk-1", "kafka-copies-too-few-1",
      "postgres-storage", "postgres-cpu",
      "redis-memory-holdfast-test-001", "redis-memory-holdfast-test-002",
    ])
    error_message = "routers, Kafka, Postgres and each node of the cache have their alarms"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["postgres-storage"].threshold == 21474836480
    error_message = "a fifth of 100 GB, in bytes"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["routers-too-few"].treat_missing_data == "breaching"
    error_message = "routers that nobody counts are not there"
  }
}

run "an_experiment_ends_when_routers_are_too_few" {
  command = plan

  override_resource {
    target          = aws_cloudwatch_metric_alarm.this["routers-too-few"]
    override_during = plan
    values          = { arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:too-few" }
  }

  assert {
    condition     = output.stop_alarm_arn == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:too-few"
    error_message = "the stop condition is the alarm of the routers"
  }
}

run "what_is_not_there_has_no_alarm" {
  command = plan

  variables {
    kafka             = null
    postgres_instance = null
    redis_nodes       = []
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["routers-too-few", "routers-some-down"])
    error_message = "a region without a record has no alarms of one"
  }
}

run "topics_are_encrypted" {
  command = plan

  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == var.kms_key_arn])
    error_message = "both topics use the key of the region"
  }
}

run "alarms_in_plain_text_are_refused" {
  command = plan

  variables {
    pages   = { nobody = { protocol = "http", endpoint = "http://example.com" } }
    notices = { nobody = { protocol = "http", endpoint = "http://example.com" } }
  }

  expect_failures = [var.pages, var.notices]
}

run "an_alarm_that_never_speaks_is_refused" {
  command = plan

  variables {
    routers_min = 0
    name        = "H"
  }

  expect_failures = [var.routers_min, var.name]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    kms_key_arn       = "alias/holdfast"
    load_balancer     = { load_balancer = "arn:aws:elasticloadbalancing:net/a/1", target_group = "targetgroup/a/2" }
    kafka             = { cluster_name = "holdfast-test", brokers = 0 }
    postgres_instance = { identifier = "", volume_gb = 100 }
    redis_nodes       = ["arn:aws:elasticache:a"]
  }

  expect_failures = [var.kms_key_arn, var.load_balancer, var.kafka, var.postgres_instance, var.redis_nodes]
}
