module "audit_archive" {
  source = "../../modules/audit-archive"

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  name           = local.name
  region         = "us-east-1"
  replica_region = var.archive.replica_region
  retention_days = var.archive.retention_days
  lock_mode      = var.archive.lock_mode
}

module "dns" {
  source = "../../modules/dns"

  name             = local.name
  domain           = var.domain
  weights          = var.weights
  continents       = var.continents
  evacuated        = var.evacuated
  ttl_seconds      = var.ttl_seconds
  alarm_topic_arns = [aws_sns_topic.page.arn]
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "alarms" {
  description             = "Alarms of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Action    = "kms:*"
        Resource  = "*"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Principal = { Service = "cloudwatch.amazonaws.com" }
      },
    ]
  })
}

resource "aws_sns_topic" "page" {
  name              = "${local.name}-global-page"
  kms_master_key_id = aws_kms_key.alarms.arn
}

resource "aws_sns_topic_subscription" "page" {
  for_each = var.pages

  topic_arn = aws_sns_topic.page.arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

resource "aws_cloudwatch_metric_alarm" "copies_late" {
  alarm_name          = "${local.name}-archive-copies-late"
  alarm_description   = "Objects of the archive were not copied to ${var.archive.replica_region} for an hour."
  namespace           = "AWS/S3"
  metric_name         = "ReplicationLatency"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 3600
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.page.arn]

  dimensions = {
    SourceBucket      = module.audit_archive.bucket
    DestinationBucket = module.audit_archive.replica_bucket
    RuleId            = "all"
  }
}
