mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name                     = "holdfast-test"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  client_security_group_id = "sg-nodes"
  node_type                = "cache.m7g.large"
  kms_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "the_cache_speaks_tls_alone_and_asks_for_a_password" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "plain text is refused"
  }

  assert {
    condition     = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    error_message = "what lies on disk is encrypted"
  }

  assert {
    condition     = length(aws_elasticache_replication_group.this.auth_token) >= 16
    error_message = "it asks for a password"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes.referenced_security_group_id == "sg-nodes" && aws_vpc_security_group_ingress_rule.nodes.cidr_ipv4 == null
    error_message = "clients are the nodes of this region"
  }
}

run "another_zone_takes_over" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.automatic_failover_enabled
    error_message = "two nodes in two zones"
  }

  assert {
    condition     = output.node_ids == ["holdfast-test-001", "holdfast-test-002"]
    error_message = "alarms know the nodes by name"
  }
}

run "a_single_node_has_nobody_to_take_over" {
  command = plan

  variables {
    nodes = 1
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "ElastiCache refuses zones for one node"
  }
}

run "what_is_asked_for_least_goes_first" {
  command = plan

  assert {
    condition     = one(aws_elasticache_parameter_group.this.parameter).value == "allkeys-lru"
    error_message = "a full cache refuses no write"
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    name       = "H"
    nodes      = 0
    node_type  = "m7g.large"
    subnet_ids = []
  }

  expect_failures = [var.name, var.nodes, var.node_type, var.subnet_ids]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    vpc_id                   = "10.10.0.0/16"
    client_security_group_id = "nodes"
    kms_key_arn              = "alias/holdfast"
  }

  expect_failures = [var.vpc_id, var.client_security_group_id, var.kms_key_arn]
}
