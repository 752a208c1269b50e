# Run with the values of an environment:
#   terraform test -test-directory=environment-tests \
#     -var-file=../../environments/prod/region.tfvars -var-file=../../environments/prod/us-east-1.tfvars
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
      network = {
        vpc_id                 = "vpc-peer"
        peering_connection_ids = { us-east-1 = "pcx-1", us-west-2 = "pcx-2" }
      }

      record = {
        brokers       = "b-1.peer:9094"
        client_ca_arn = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1"
      }
    }
  }
}

run "environment" {
  command = plan

  assert {
    condition     = toset(keys(var.cidrs)) == toset(["eu-west-1", "us-east-1", "us-west-2"])
    error_message = "the three regions are us-east-1, us-west-2 and eu-west-1"
  }

  assert {
    condition     = var.etcd.members % 2 == 1
    error_message = "an etcd cluster has an odd number of members"
  }

  assert {
    condition     = var.environment == "dev" || try(var.deletion_protection && var.postgres.deletion_protection && var.postgres.multi_az && var.redis.nodes > 1, false)
    error_message = "only dev can be deleted, and only dev has what one zone takes along"
  }

  assert {
    condition     = var.environment != "prod" || var.network.nat == "per-zone"
    error_message = "in prod no zone depends on another one's way out"
  }
}
