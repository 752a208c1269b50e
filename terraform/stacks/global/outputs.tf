output "name_servers" {
  description = "Name servers of the zone: the parent zone must delegate to them."
  value       = module.dns.name_servers
}

output "client_name" {
  description = "The name clients are given."
  value       = module.dns.client_name
}

output "zone_id" {
  description = "The hosted zone, for the stacks of the regions."
  value       = module.dns.zone_id
}

output "archive" {
  description = "The archive, for the stacks of the regions."
  value = {
    bucket          = module.audit_archive.bucket
    bucket_arn      = module.audit_archive.bucket_arn
    region          = "us-east-1"
    replica_region  = var.archive.replica_region
    lock_mode       = lower(var.archive.lock_mode)
    retention_days  = var.archive.retention_days
    archiver_policy = module.audit_archive.archiver_policy
    reader_policy   = module.audit_archive.reader_policy
  }
}
