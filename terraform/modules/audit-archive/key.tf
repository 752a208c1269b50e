# One key with the same material in both regions: what was copied is read without the first one.
resource "aws_kms_key" "archive" {
  description             = "Archive of ${var.name}"
  multi_region            = true
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy

  lifecycle {
    # Without the key the archive is noise.
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "archive" {
  name          = "alias/${var.name}-archive"
  target_key_id = aws_kms_key.archive.key_id
}

resource "aws_kms_replica_key" "archive" {
  provider = aws.replica

  description             = "Archive of ${var.name}, copy"
  primary_key_arn         = aws_kms_key.archive.arn
  deletion_window_in_days = 30
  policy                  = local.key_policy
}

locals {
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Account"
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = local.account }
    }]
  })
}
