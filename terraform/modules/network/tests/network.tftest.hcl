mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name        = "holdfast-test"
  region      = "us-east-1"
  zones       = ["us-east-1a", "us-east-1b", "us-east-1c"]
  cidr        = "10.10.0.0/16"
  peer_cidrs  = { us-west-2 = "10.20.0.0/16", eu-west-1 = "10.30.0.0/16" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "three_zones_each_with_a_way_out_of_its_own" {
  command = plan

  assert {
    condition     = length(aws_subnet.private) == 3 && length(aws_subnet.public) == 3
    error_message = "three zones have a public and a private subnet each"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3
    error_message = "every zone has its own NAT gateway"
  }

  assert {
    condition     = length(toset(concat([for s in aws_subnet.private : s.cidr_block], [for s in aws_subnet.public : s.cidr_block]))) == 6
    error_message = "no two subnets have the same addresses"
  }

  assert {
    condition     = alltrue([for s in aws_subnet.public : s.map_public_ip_on_launch != true])
    error_message = "nothing gets a public address by itself"
  }
}

run "nothing_comes_in_from_everywhere" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.10.0.0/16"
    error_message = "endpoints are reached from this network alone"
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0
    error_message = "the default security group admits nothing"
  }

  assert {
    condition     = toset([for entry in aws_ec2_managed_prefix_list.peers.entry : entry.cidr]) == toset(["10.20.0.0/16", "10.30.0.0/16"])
    error_message = "quorum traffic comes from the two other regions alone"
  }
}

run "without_peers_there_is_no_peering_yet" {
  command = plan

  assert {
    condition     = length(aws_vpc_peering_connection.asked) == 0 && length(aws_route.peer) == 0
    error_message = "the first apply of a region needs nothing of the others"
  }
}

run "the_region_that_sorts_first_asks_and_the_other_accepts" {
  command = plan

  variables {
    peers = {
      us-west-2 = { vpc_id = "vpc-west" }
      eu-west-1 = { vpc_id = "vpc-europe", peering_connection_id = "pcx-1" }
    }
  }

  assert {
    condition     = keys(aws_vpc_peering_connection.asked) == ["us-west-2"]
    error_message = "us-east-1 asks us-west-2"
  }

  assert {
    condition     = keys(aws_vpc_peering_connection_accepter.accepted) == ["eu-west-1"]
    error_message = "us-east-1 accepts what eu-west-1 asked for"
  }

  assert {
    condition     = length(aws_route.peer) == 6
    error_message = "every zone has a route to both other regions"
  }
}

run "a_single_nat_gateway_where_the_environment_says_so" {
  command = plan

  variables {
    nat = "single"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "all three zones go out by the one gateway"
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    zones = ["us-east-1a", "us-east-1b"]
  }

  expect_failures = [var.zones]
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  variables {
    zones = ["us-east-1a", "us-east-1b", "us-west-2a"]
  }

  expect_failures = [var.zones]
}

run "two_regions_are_refused" {
  command = plan

  variables {
    peer_cidrs = { us-west-2 = "10.20.0.0/16" }
  }

  expect_failures = [var.peer_cidrs]
}

run "overlapping_addresses_are_refused" {
  command = plan

  variables {
    peer_cidrs = { us-west-2 = "10.10.0.0/16", eu-west-1 = "10.30.0.0/16" }
  }

  expect_failures = [var.peer_cidrs]
}

run "a_network_too_small_for_pods_is_refused" {
  command = plan

  variables {
    cidr = "10.10.0.0/20"
  }

  expect_failures = [var.cidr]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name          = "Holdfast"
    nat           = "none"
    flow_log_days = 7
  }

  expect_failures = [var.name, var.nat, var.flow_log_days]
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
    interface_endpoints = ["s3"]
    peers               = { eu-central-1 = { vpc_id = "vpc-1" } }
    kms_key_arn         = "alias/holdfast"
  }

  expect_failures = [var.interface_endpoints, var.peers, var.kms_key_arn]
}
