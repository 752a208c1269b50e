output "zone_id" {
  description = "The hosted zone."
  value       = aws_route53_zone.this.zone_id
}

output "name_servers" {
  description = "Name servers of the zone: the parent zone must delegate to them."
  value       = aws_route53_zone.this.name_servers
}

output "client_name" {
  description = "The name clients are given."
  value       = "locks.${var.domain}"
}

output "health_check_ids" {
  description = "Health check of each region."
  value       = { for region, check in aws_route53_health_check.region : region => check.id }
}
