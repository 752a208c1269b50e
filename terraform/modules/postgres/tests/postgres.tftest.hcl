mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name                     = "holdfast-test"
  region                   = "us-east-1"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  client_security_group_id = "sg-nodes"
  instance_class           = "db.m7g.large"
  volume_gb                = 100
  volume_gb_max            = 1000
  kms_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "the_ledger_outlives_a_zone_and_a_mistake" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az
    error_message = "a standby stands in another zone"
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "it refuses to be deleted"
  }

  assert {
    condition     = aws_db_instance.this.backup_retention_period >= 7 && !aws_db_instance.this.delete_automated_backups
    error_message = "backups reach back further than the hot days"
  }
}

run "it_is_encrypted_and_private" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "the volume is encrypted with the key of the region"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "it has no public address"
  }

  assert {
    condition     = one([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"]) == "1"
    error_message = "the server refuses plain text"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes.referenced_security_group_id == "sg-nodes" && aws_vpc_security_group_ingress_rule.nodes.cidr_ipv4 == null
    error_message = "clients are the nodes of this region"
  }
}

run "where_the_environment_says_so_it_can_be_deleted" {
  command = plan

  variables {
    deletion_protection = false
    multi_az            = false
  }

  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.multi_az
    error_message = "dev leaves nothing behind"
  }
}

run "an_old_postgres_is_refused" {
  command = plan

  variables {
    engine_version = "14.9"
  }

  expect_failures = [var.engine_version]
}

run "a_volume_that_cannot_grow_is_refused" {
  command = plan

  variables {
    volume_gb_max = 100
  }

  expect_failures = [var.volume_gb_max]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name           = "H"
    subnet_ids     = ["subnet-a"]
    instance_class = "m7g.large"
    backup_days    = 1
  }

  expect_failures = [var.name, var.subnet_ids, var.instance_class, var.backup_days]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    region                   = "east"
    vpc_id                   = "10.10.0.0/16"
    client_security_group_id = "nodes"
    volume_gb                = 5
    kms_key_arn              = "alias/holdfast"
  }

  expect_failures = [var.region, var.vpc_id, var.client_security_group_id, var.volume_gb, var.kms_key_arn]
}
