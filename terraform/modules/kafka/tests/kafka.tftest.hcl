mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name                     = "holdfast-test"
  region                   = "us-east-1"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  client_security_group_id = "sg-nodes"
  peer_prefix_list_id      = "pl-peers"
  instance_type            = "kafka.m7g.large"
  volume_gb                = 100
  volume_gb_max            = 1000
  kms_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "three_zones_and_nothing_in_plain_text" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3 && length(aws_msk_cluster.this.broker_node_group_info[0].client_subnets) == 3
    error_message = "one broker in each of three zones"
  }

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "TLS to the brokers and between them"
  }

  assert {
    condition     = !aws_msk_cluster.this.client_authentication[0].unauthenticated && aws_msk_cluster.this.client_authentication[0].sasl[0].iam
    error_message = "nobody comes unnamed"
  }

  assert {
    condition     = length(aws_msk_cluster.this.client_authentication[0].tls) == 1
    error_message = "services come with certificates"
  }

  assert {
    condition     = aws_msk_cluster.this.broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "brokers have no public address"
  }
}

run "a_stored_record_is_in_two_zones" {
  command = plan

  assert {
    condition     = strcontains(aws_msk_configuration.this.server_properties, "min.insync.replicas=2") && strcontains(aws_msk_configuration.this.server_properties, "default.replication.factor=3")
    error_message = "three copies, two of them before the answer"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this.server_properties, "unclean.leader.election.enable=false")
    error_message = "no broker that missed records leads"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this.server_properties, "auto.create.topics.enable=false")
    error_message = "topics are made by hand"
  }
}

run "clients_are_nodes_and_peers" {
  command = plan

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.nodes : rule.referenced_security_group_id == "sg-nodes" && rule.cidr_ipv4 == null])
    error_message = "the nodes of this region"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.peers.prefix_list_id == "pl-peers" && aws_vpc_security_group_ingress_rule.peers.cidr_ipv4 == null
    error_message = "and the other regions"
  }
}

run "volumes_only_grow" {
  command = plan

  assert {
    condition     = aws_appautoscaling_policy.volume.target_tracking_scaling_policy_configuration[0].disable_scale_in
    error_message = "a volume is never made smaller"
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_volume_that_would_shrink_is_refused" {
  command = plan

  variables {
    volume_gb_max = 50
  }

  expect_failures = [var.volume_gb_max]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name                       = "H"
    kafka_version              = "2.8.1"
    brokers_per_zone           = 0
    instance_type              = "m7g.large"
    certificate_authority_mode = "NONE"
    log_days                   = 1
  }

  expect_failures = [var.name, var.kafka_version, var.brokers_per_zone, var.instance_type, var.certificate_authority_mode, var.log_days]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    region                   = "east"
    vpc_id                   = "10.10.0.0/16"
    client_security_group_id = "nodes"
    peer_prefix_list_id      = "10.0.0.0/8"
    volume_gb                = 5
    kms_key_arn              = "alias/holdfast"
  }

  expect_failures = [var.region, var.vpc_id, var.client_security_group_id, var.peer_prefix_list_id, var.volume_gb, var.kms_key_arn]
}
