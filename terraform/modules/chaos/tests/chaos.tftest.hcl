mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name         = "holdfast-test"
  region       = "us-east-1"
  zone         = "us-east-1b"
  cluster_name = "holdfast-test"

  subnet_arns = [
    "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-a",
    "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-b",
    "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-c",
  ]

  peer_prefix_list_id = "pl-peers"
  stop_alarm_arn      = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:too-few"
  replication         = { bucket_arn = "arn:aws:s3:::archive", replica_region = "us-west-2" }
  kms_key_arns        = ["arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"]
  log_kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "every_experiment_ends_by_the_alarm_and_by_time" {
  command = plan

  assert {
    condition = alltrue([
      for template in [aws_fis_experiment_template.cut_quorum, aws_fis_experiment_template.stop_etcd_zone, aws_fis_experiment_template.pause_replication[0]] :
      one(template.stop_condition).source == "aws:cloudwatch:alarm" && one(template.stop_condition).value == var.stop_alarm_arn
    ])
    error_message = "each has the alarm as its stop condition"
  }

  assert {
    condition = alltrue([
      for template in [aws_fis_experiment_template.cut_quorum, aws_fis_experiment_template.stop_etcd_zone, aws_fis_experiment_template.pause_replication[0]] :
      contains([for parameter in one(template.action).parameter : parameter.value], "PT5M")
    ])
    error_message = "each lasts five minutes"
  }
}

run "only_quorum_traffic_is_cut" {
  command = plan

  assert {
    condition     = { for parameter in one(aws_fis_experiment_template.cut_quorum.action).parameter : parameter.key => parameter.value } == { duration = "PT5M", scope = "prefix-list", prefixListIdentifier = "pl-peers" }
    error_message = "what is cut is the other regions, not the clients"
  }

  assert {
    condition     = length(one(aws_fis_experiment_template.cut_quorum.target).resource_arns) == 3
    error_message = "in all three zones"
  }
}

run "only_nodes_of_etcd_in_one_zone_are_stopped" {
  command = plan

  assert {
    condition     = { for tag in one(aws_fis_experiment_template.stop_etcd_zone.target).resource_tag : tag.key => tag.value } == { "holdfast:cluster" = "holdfast-test", "holdfast:pool" = "etcd" }
    error_message = "the nodes of etcd of this cluster"
  }

  assert {
    condition     = contains([for filter in one(aws_fis_experiment_template.stop_etcd_zone.target).filter : one(filter.values) if filter.path == "Placement.AvailabilityZone"], "us-east-1b")
    error_message = "of one zone, or a majority is gone"
  }
}

run "replication_is_paused_where_the_archive_lies" {
  command = plan

  variables {
    replication = null
  }

  assert {
    condition     = length(aws_fis_experiment_template.pause_replication) == 0
    error_message = "a region without the archive has no such experiment"
  }
}

run "a_cut_with_a_hole_is_refused" {
  command = plan

  variables {
    subnet_arns = ["arn:aws:ec2:us-east-1:123456789012:subnet/subnet-a"]
  }

  expect_failures = [var.subnet_arns]
}

run "an_outage_is_refused" {
  command = plan

  variables {
    minutes = 240
    name    = "H"
  }

  expect_failures = [var.minutes, var.name]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "east"
  }

  expect_failures = [var.region]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    zone                = "eu-west-1b"
    cluster_name        = "arn:aws:eks:us-east-1:123456789012:cluster/holdfast"
    peer_prefix_list_id = "10.0.0.0/8"
    stop_alarm_arn      = "too-few"
    replication         = { bucket_arn = "archive", replica_region = "us-west-2" }
    kms_key_arns        = []
    log_kms_key_arn     = "alias/holdfast"
  }

  expect_failures = [var.zone, var.cluster_name, var.peer_prefix_list_id, var.stop_alarm_arn, var.replication, var.kms_key_arns, var.log_kms_key_arn]
}
