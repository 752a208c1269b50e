output "kms_key_arn" {
  description = "Key of the volumes and the snapshots."
  value       = aws_kms_key.this.arn
}

output "snapshot_bucket" {
  description = "Name of the bucket of the snapshots."
  value       = aws_s3_bucket.snapshots.bucket
}

output "snapshot_policy" {
  description = "What the snapshot job may do, as JSON: write a snapshot, list them and read one back; never delete."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"]
        Resource = "${aws_s3_bucket.snapshots.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.snapshots.arn
      },
      {
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource = aws_kms_key.this.arn
      },
    ]
  })
}

output "storage_class_parameters" {
  description = "Parameters of the Kubernetes StorageClass (ebs.csi.aws.com) of the members' volumes."
  value = {
    type       = "gp3"
    encrypted  = "true"
    kmsKeyId   = aws_kms_key.this.arn
    iops       = tostring(var.volume_iops)
    throughput = tostring(var.volume_mbps)
  }
}

output "claims" {
  description = "What the chart claims: shards, members of each, and the size of a volume in GB."
  value = {
    shards    = var.shards
    members   = var.members
    volume_gb = var.volume_gb
  }
}
