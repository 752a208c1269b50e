output "node_ids" {
  description = "Names of the nodes, dimensions of their metrics."
  value       = [for index in range(var.nodes) : format("%s-%03d", var.name, index + 1)]
}

output "url_secret_name" {
  description = "Name of the secret with the URL of the cache."
  value       = aws_secretsmanager_secret.url.name
}

output "url_secret_arn" {
  description = "ARN of the secret with the URL of the cache."
  value       = aws_secretsmanager_secret.url.arn
}
