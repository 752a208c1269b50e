mock_provider "aws" {
  source = "../../tests/aws"
}

override_data {
  target = data.terraform_remote_state.global
  values = {
    outputs = {
      zone_id = "Z0000000000000"
      archive = {
        bucket          = "archive"
        bucket_arn      = "arn:aws:s3:::archive"
        region          = "us-east-1"
        replica_region  = "us-west-2"
        lock_mode       = "governance"
        retention_days  = 2557
        archiver_policy = "{}"
        reader_policy   = "{}"
      }
    }
  }
}

override_data {
  target = data.terraform_remote_state.peer
  values = {
    outputs = {
      network = { vpc_id = "vpc-peer", peering_connection_ids = { us-east-1 = "pcx-1" } }
      record  = { brokers = "b-1.peer:9094,b-2.peer:9094", client_ca_arn = "arn:aws:acm-pca:us-west-2:123456789012:certificate-authority/1" }
    }
  }
}

variables {
  environment = "prod"
  region      = "us-east-1"
  cidrs       = { us-east-1 = "10.10.0.0/16", us-west-2 = "10.20.0.0/16", eu-west-1 = "10.30.0.0/16" }
  zones       = ["us-east-1a", "us-east-1b", "us-east-1c"]
  domain      = "holdfast.example.com"
  state       = { bucket = "states", region = "us-west-2" }

  network = {
    nat                 = "per-zone"
    interface_endpoints = ["sts"]
    flow_log_days       = 365
  }

  cluster = {
    kubernetes_version = "1.35"
    admin_role_arns    = ["arn:aws:iam::123456789012:role/platform"]
    operator_cidrs     = ["10.200.0.0/16"]
    log_days           = 365
    pools = {
      services = { instance_types = ["m7i.large"], min = 1, max = 3 }
      etcd     = { instance_types = ["m7i.large"], min = 1, max = 2, taint = "etcd" }
    }
  }

  etcd = {
    shards        = 2
    members       = 3
    volume_gb     = 20
    volume_iops   = 3000
    volume_mbps   = 125
    snapshot_days = 30
  }

  record_region = "us-east-1"

  kafka = {
    instance_type              = "kafka.m7g.large"
    brokers_per_zone           = 1
    volume_gb                  = 100
    volume_gb_max              = 1000
    certificate_authority_mode = "GENERAL_PURPOSE"
    log_days                   = 365
  }

  postgres = {
    instance_class      = "db.m7g.large"
    multi_az            = true
    volume_gb           = 100
    volume_gb_max       = 1000
    backup_days         = 14
    deletion_protection = true
  }

  redis        = { node_type = "cache.m7g.large", nodes = 2 }
  client_cidrs = ["198.51.100.0/24"]
  routers_min  = 2
}

run "a_region_stands_without_its_peers" {
  command = plan

  assert {
    condition     = length(output.network.peering_connection_ids) == 0
    error_message = "the first apply asks for no peering"
  }
}

run "regions_are_peered_once_they_stand" {
  command = plan

  variables {
    peered = ["us-west-2", "eu-west-1"]
  }

  assert {
    condition     = keys(output.network.peering_connection_ids) == ["us-west-2"]
    error_message = "us-east-1 asks us-west-2, and accepts what eu-west-1 asked for"
  }
}

run "nothing_comes_in_from_everywhere" {
  command = plan

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4] == ["198.51.100.0/24"]
    error_message = "clients come from their own addresses"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.quorum : rule.cidr_ipv4 == null])
    error_message = "quorum traffic comes from the other regions"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.pods : rule.cidr_ipv4 == null])
    error_message = "pods are reached by the load balancers"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.health_checkers.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.health_checkers.from_port == 443
    error_message = "/ready is asked for by Route 53 alone"
  }
}

run "load_balancers_ask_for_ready_and_refuse_to_be_deleted" {
  command = plan

  assert {
    condition     = aws_lb.clients.load_balancer_type == "network" && aws_lb.clients.enable_deletion_protection && aws_lb.quorum.enable_deletion_protection
    error_message = "both are network load balancers that cannot be deleted by mistake"
  }

  assert {
    condition     = !aws_lb.clients.internal && aws_lb.quorum.internal
    error_message = "quorum traffic never goes by a public address"
  }

  assert {
    condition     = aws_lb_target_group.routers.health_check[0].path == "/ready" && aws_lb_target_group.routers.health_check[0].protocol == "HTTPS"
    error_message = "a router is asked for /ready over HTTPS"
  }

  assert {
    condition     = aws_lb_listener.grpc.protocol == "TCP"
    error_message = "TLS ends at the router, which knows its clients by their certificates"
  }
}

run "every_coordinator_has_a_port" {
  command = plan

  variables {
    coordinators = 3
  }

  assert {
    condition     = [for listener in aws_lb_listener.coordinators : listener.port] == [7430, 7431, 7432]
    error_message = "three coordinators at three ports"
  }

  assert {
    condition     = output.helm_values.peers["eu-west-1"].coordinators == ["quorum.eu-west-1.holdfast.example.com:7430", "quorum.eu-west-1.holdfast.example.com:7431", "quorum.eu-west-1.holdfast.example.com:7432"]
    error_message = "and the other regions are told so"
  }
}

run "records_end_within_a_minute_or_with_the_health_of_their_targets" {
  command = plan

  assert {
    condition     = alltrue([for record in [aws_route53_record.region, aws_route53_record.quorum] : record.alias[0].evaluate_target_health])
    error_message = "aliases follow the health of their targets"
  }

  assert {
    condition     = aws_route53_record.certificate.ttl <= 60
    error_message = "60 s at most"
  }
}

run "the_record_is_kept_by_one_region" {
  command = plan

  variables {
    kafka         = null
    postgres      = null
    record_region = "us-west-2"
    peered        = ["us-west-2"]
  }

  assert {
    condition     = output.helm_values.journal.enabled && join(",", output.helm_values.kafka.brokers) == "b-1.peer:9094,b-2.peer:9094"
    error_message = "the journals of this region write to the brokers of the other one"
  }

  assert {
    condition     = !output.helm_values.auditor.enabled && !output.helm_values.archiver.enabled && output.helm_values.postgres.urlSecret == ""
    error_message = "and one auditor, there, sees all three"
  }

  assert {
    condition     = output.kafka_client_ca_arn == "arn:aws:acm-pca:us-west-2:123456789012:certificate-authority/1"
    error_message = "they come with certificates of the other region's CA"
  }
}

run "every_service_that_asks_aws_for_something_has_a_role" {
  command = plan

  assert {
    condition = toset(keys(output.workload_role_arns)) == toset([
      "archiver", "auditor", "certificate-issuer", "etcd-snapshots", "external-secrets", "load-balancer-controller",
    ])
    error_message = "snapshots, archive, secrets, certificates and targets"
  }
}

run "without_the_region_of_the_record_etcd_keeps_all_history" {
  command = plan

  variables {
    record_region = "us-west-2"
  }

  assert {
    condition     = !output.helm_values.journal.enabled && length(output.helm_values.kafka.brokers) == 0
    error_message = "there is no journal before the brokers stand"
  }
}

run "a_record_that_nobody_keeps_is_refused" {
  command = plan

  variables {
    kafka    = null
    postgres = null
  }

  expect_failures = [var.record_region]
}

run "half_a_record_is_refused" {
  command = plan

  variables {
    postgres = null
  }

  expect_failures = [var.postgres]
}

run "clients_from_everywhere_are_refused" {
  command = plan

  variables {
    client_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.client_cidrs]
}

run "two_regions_are_refused" {
  command = plan

  variables {
    cidrs = { us-east-1 = "10.10.0.0/16", us-west-2 = "10.20.0.0/16" }
  }

  expect_failures = [var.cidrs]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    environment  = "test"
    coordinators = 0
    peered       = ["us-east-1"]
  }

  expect_failures = [var.environment, var.coordinators, var.peered]
}
