data "aws_caller_identity" "current" {}

locals {
  bucket  = "${var.name}-archive-${data.aws_caller_identity.current.account_id}"
  replica = "${var.name}-archive-copy-${data.aws_caller_identity.current.account_id}"
  account = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"
}

resource "aws_s3_bucket" "archive" {
  # checkov:skip=CKV_AWS_18:readers are known by the policy of the role; data events of CloudTrail tell who read
  # checkov:skip=CKV2_AWS_62:nothing waits for an object; the archiver reads back what it wrote
  bucket              = local.bucket
  object_lock_enabled = true
  force_destroy       = false

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    default_retention {
      mode = var.lock_mode
      days = var.retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.archive]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.archive.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket                  = aws_s3_bucket.archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "archive" {
  bucket = aws_s3_bucket.archive.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyByTls"
      Effect    = "Deny"
      Action    = "s3:*"
      Principal = "*"
      Resource  = [aws_s3_bucket.archive.arn, "${aws_s3_bucket.archive.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.archive]
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  # The same name as that of the archiver's --ensure-bucket: whoever runs it changes this rule and
  # adds none. Manifests stay where they are: they are small, and telling what lies in the ice must not wait
  # for a restore.
  rule {
    id     = "holdfast-archive"
    status = "Enabled"

    filter {
      prefix = "lines/"
    }

    transition {
      days          = var.glacier_days
      storage_class = "GLACIER"
    }

    transition {
      days          = var.deep_archive_days
      storage_class = "DEEP_ARCHIVE"
    }
  }

  rule {
    id     = "uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.archive]
}
