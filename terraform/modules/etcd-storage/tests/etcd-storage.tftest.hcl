mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name   = "holdfast-test"
  region = "us-east-1"
}

run "snapshots_are_kept_encrypted_versioned_and_private" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.snapshots.versioning_configuration[0].status == "Enabled"
    error_message = "an overwritten snapshot is still there"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.snapshots.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "snapshots are encrypted with the key of etcd"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.snapshots.block_public_acls,
      aws_s3_bucket_public_access_block.snapshots.block_public_policy,
      aws_s3_bucket_public_access_block.snapshots.ignore_public_acls,
      aws_s3_bucket_public_access_block.snapshots.restrict_public_buckets,
    ])
    error_message = "public access is blocked in all four ways"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.snapshots.rule[0].expiration[0].days == 30
    error_message = "snapshots are kept for 30 days"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "the key is rotated"
  }
}

run "the_quorum_is_odd" {
  command = plan

  assert {
    condition     = output.claims.members % 2 == 1
    error_message = "an etcd cluster has an odd number of members"
  }
}

run "the_snapshot_job_deletes_nothing" {
  command = plan

  override_resource {
    target          = aws_s3_bucket.snapshots
    override_during = plan
    values          = { arn = "arn:aws:s3:::snapshots" }
  }

  override_resource {
    target          = aws_kms_key.this
    override_during = plan
    values          = { arn = "arn:aws:kms:us-east-1:123456789012:key/0" }
  }

  assert {
    condition     = !strcontains(output.snapshot_policy, "Delete") && !strcontains(output.snapshot_policy, "s3:*")
    error_message = "its role can neither delete nor do everything"
  }
}

run "an_even_number_of_members_is_refused" {
  command = plan

  variables {
    members = 4
  }

  expect_failures = [var.members]
}

run "a_single_member_is_refused" {
  command = plan

  variables {
    members = 1
  }

  expect_failures = [var.members]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name          = "H"
    shards        = 0
    volume_gb     = 8
    volume_mbps   = 900
    snapshot_days = 0
  }

  expect_failures = [var.name, var.shards, var.volume_gb, var.volume_mbps, var.snapshot_days]
}

run "a_disk_slower_than_gp3_is_refused" {
  command = plan

  variables {
    volume_iops = 100
  }

  expect_failures = [var.volume_iops]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    region = "east"
  }

  expect_failures = [var.region]
}
