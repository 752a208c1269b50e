mock_provider "aws" {
  source = "../../tests/aws"
}

mock_provider "aws" {
  alias  = "replica"
  source = "../../tests/aws"
}

variables {
  name           = "holdfast-test"
  region         = "us-east-1"
  replica_region = "us-west-2"
}

run "nobody_deletes_or_overwrites_an_object" {
  command = plan

  assert {
    condition     = aws_s3_bucket.archive.object_lock_enabled && aws_s3_bucket.replica.object_lock_enabled
    error_message = "Object Lock is on, for the archive and its copy"
  }

  assert {
    condition     = alltrue([for lock in [aws_s3_bucket_object_lock_configuration.archive, aws_s3_bucket_object_lock_configuration.replica] : lock.rule[0].default_retention[0].days == 2557])
    error_message = "objects are kept for seven years"
  }

  assert {
    condition     = aws_s3_bucket_versioning.archive.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_versioning.replica.versioning_configuration[0].status == "Enabled"
    error_message = "what was overwritten is still there"
  }

  assert {
    condition     = !aws_s3_bucket.archive.force_destroy && !aws_s3_bucket.replica.force_destroy
    error_message = "a bucket that holds something is not deleted"
  }
}

run "objects_go_into_the_ice_in_order" {
  command = plan

  assert {
    condition     = { for step in aws_s3_bucket_lifecycle_configuration.archive.rule[0].transition : step.storage_class => step.days } == { GLACIER = 90, DEEP_ARCHIVE = 365 }
    error_message = "after 90 days to Glacier, after 365 to Deep Archive"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.archive.rule[0].filter[0].prefix == "lines/"
    error_message = "manifests stay where they can be read at once"
  }

  assert {
    condition     = jsonencode(aws_s3_bucket_lifecycle_configuration.replica.rule[0].transition) == jsonencode(aws_s3_bucket_lifecycle_configuration.archive.rule[0].transition)
    error_message = "the copy goes the same way"
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.archive.rule : length(rule.expiration) == 0])
    error_message = "no rule lets an object end"
  }
}

run "one_key_serves_both_regions" {
  command = plan

  assert {
    condition     = aws_kms_key.archive.multi_region && aws_kms_key.archive.enable_key_rotation
    error_message = "the key is of several regions, and rotated"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.archive.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "objects are encrypted with it"
  }
}

run "everything_is_copied_and_deletions_are_not" {
  command = plan

  assert {
    condition     = aws_s3_bucket_replication_configuration.archive.rule[0].status == "Enabled"
    error_message = "replication is on"
  }

  assert {
    condition     = aws_s3_bucket_replication_configuration.archive.rule[0].delete_marker_replication[0].status == "Disabled"
    error_message = "a deletion here is none there"
  }

  assert {
    condition     = aws_s3_bucket_replication_configuration.archive.rule[0].destination[0].replication_time[0].status == "Enabled"
    error_message = "a metric tells when a copy is late"
  }
}

run "nothing_of_it_is_public" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for block in [aws_s3_bucket_public_access_block.archive, aws_s3_bucket_public_access_block.replica] :
      [block.block_public_acls, block.block_public_policy, block.ignore_public_acls, block.restrict_public_buckets]
    ]))
    error_message = "public access is blocked in all four ways, on both"
  }
}

run "the_archiver_deletes_nothing" {
  command = plan

  override_resource {
    target          = aws_s3_bucket.archive
    override_during = plan
    values          = { arn = "arn:aws:s3:::archive" }
  }

  override_resource {
    target          = aws_kms_key.archive
    override_during = plan
    values          = { arn = "arn:aws:kms:us-east-1:123456789012:key/0" }
  }

  assert {
    condition     = !strcontains(output.archiver_policy, "Delete") && !strcontains(output.archiver_policy, "Bypass") && !strcontains(output.archiver_policy, "s3:*")
    error_message = "its role can neither delete an object nor end its retention"
  }

  assert {
    condition     = !strcontains(output.reader_policy, "Put") && !strcontains(output.reader_policy, "Delete") && !strcontains(output.reader_policy, "GenerateDataKey")
    error_message = "and the auditor's cannot write at all"
  }
}

run "a_copy_in_the_same_region_is_refused" {
  command = plan

  variables {
    replica_region = "us-east-1"
  }

  expect_failures = [var.replica_region]
}

run "a_lifecycle_out_of_order_is_refused" {
  command = plan

  variables {
    glacier_days      = 365
    deep_archive_days = 90
  }

  expect_failures = [var.deep_archive_days]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    name           = "H"
    retention_days = 0
    lock_mode      = "NONE"
    glacier_days   = 0
  }

  expect_failures = [var.name, var.retention_days, var.lock_mode, var.glacier_days]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    region = "east"
  }

  expect_failures = [var.region]
}
