output "brokers" {
  description = "Brokers for clients with a certificate, as host:port,host:port."
  value       = aws_msk_cluster.this.bootstrap_brokers_tls
}

output "brokers_iam" {
  description = "Brokers for people and pipelines with IAM, who make topics and ACLs."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_iam
}

output "cluster_name" {
  description = "Name of the cluster, a dimension of its metrics."
  value       = aws_msk_cluster.this.cluster_name
}

output "client_ca_arn" {
  description = "Private CA that signs the certificates of the services."
  value       = aws_acmpca_certificate_authority.clients.arn
}

output "broker_count" {
  description = "How many brokers there are; they are numbered from 1."
  value       = 3 * var.brokers_per_zone
}
