locals {
  duration = "PT${var.minutes}M"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/holdfast/${var.name}/experiments"
  retention_in_days = 365
  kms_key_id        = var.log_kms_key_arn
}

# The two others go on with global locks; here local locks do, and global ones are refused.
resource "aws_fis_experiment_template" "cut_quorum" {
  description = "Cut ${var.region} from the quorum traffic of the other regions"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-cut-quorum" }

  action {
    name      = "cut"
    action_id = "aws:network:disrupt-connectivity"

    parameter {
      key   = "duration"
      value = local.duration
    }

    parameter {
      key   = "scope"
      value = "prefix-list"
    }

    parameter {
      key   = "prefixListIdentifier"
      value = var.peer_prefix_list_id
    }

    target {
      key   = "Subnets"
      value = "private"
    }
  }

  target {
    name           = "private"
    resource_type  = "aws:ec2:subnet"
    resource_arns  = var.subnet_arns
    selection_mode = "ALL"
  }

  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  log_configuration {
    log_schema_version = 2

    cloudwatch_logs_configuration {
      log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
    }
  }
}

# Every shard loses one member of three, and goes on.
resource "aws_fis_experiment_template" "stop_etcd_zone" {
  description = "Stop the nodes of etcd in ${var.zone}"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-stop-etcd-zone" }

  action {
    name      = "stop"
    action_id = "aws:ec2:stop-instances"

    parameter {
      key   = "startInstancesAfterDuration"
      value = local.duration
    }

    # The group of the nodes replaces a stopped one; that is no failure of the experiment.
    parameter {
      key   = "completeIfInstancesTerminated"
      value = "true"
    }

    target {
      key   = "Instances"
      value = "etcd"
    }
  }

  target {
    name           = "etcd"
    resource_type  = "aws:ec2:instance"
    selection_mode = "ALL"

    resource_tag {
      key   = "holdfast:cluster"
      value = var.cluster_name
    }

    resource_tag {
      key   = "holdfast:pool"
      value = "etcd"
    }

    filter {
      path   = "Placement.AvailabilityZone"
      values = [var.zone]
    }

    filter {
      path   = "State.Name"
      values = ["running"]
    }
  }

  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  log_configuration {
    log_schema_version = 2

    cloudwatch_logs_configuration {
      log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
    }
  }
}

# The copy of the archive falls behind and catches up; locks do not notice.
resource "aws_fis_experiment_template" "pause_replication" {
  count = var.replication == null ? 0 : 1

  description = "Pause the replication of the archive to ${var.replication.replica_region}"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-pause-replication" }

  action {
    name      = "pause"
    action_id = "aws:s3:bucket-pause-replication"

    parameter {
      key   = "duration"
      value = local.duration
    }

    parameter {
      key   = "region"
      value = var.replication.replica_region
    }

    target {
      key   = "Buckets"
      value = "archive"
    }
  }

  target {
    name           = "archive"
    resource_type  = "aws:s3:bucket"
    resource_arns  = [var.replication.bucket_arn]
    selection_mode = "ALL"
  }

  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  log_configuration {
    log_schema_version = 2

    cloudwatch_logs_configuration {
      log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
    }
  }
}
