output "identifier" {
  description = "Name of the instance, a dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "url_secret_name" {
  description = "Name of the secret with the URL of the ledger."
  value       = aws_secretsmanager_secret.url.name
}

output "url_secret_arn" {
  description = "ARN of the secret with the URL of the ledger."
  value       = aws_secretsmanager_secret.url.arn
}
