output "bucket" {
  description = "Name of the archive's bucket."
  value       = aws_s3_bucket.archive.bucket
}

output "bucket_arn" {
  description = "ARN of the archive's bucket."
  value       = aws_s3_bucket.archive.arn
}

output "replica_bucket" {
  description = "Name of the bucket with the copy."
  value       = aws_s3_bucket.replica.bucket
}

output "replica_bucket_arn" {
  description = "ARN of the bucket with the copy."
  value       = aws_s3_bucket.replica.arn
}

output "kms_key_arn" {
  description = "Key of the archive."
  value       = aws_kms_key.archive.arn
}

output "archiver_policy" {
  description = "What the archiver may do, as JSON: write, read back and see what is there; never delete, never end a retention."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention", "s3:AbortMultipartUpload"]
        Resource = "${aws_s3_bucket.archive.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = aws_s3_bucket.archive.arn
      },
      {
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource = aws_kms_key.archive.arn
      },
    ]
  })
}

output "reader_policy" {
  description = "What the auditor may do, as JSON: read the objects it is asked to verify."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectRetention"]
        Resource = "${aws_s3_bucket.archive.arn}/*"
      },
      {
        # Without it a missing object is told as a forbidden one.
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.archive.arn
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = aws_kms_key.archive.arn
      },
    ]
  })
}
