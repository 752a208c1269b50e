output "network" {
  description = "The network and the peerings it asked for: the other regions read them from this state."
  value = {
    vpc_id                 = module.network.vpc_id
    peering_connection_ids = module.network.peering_connection_ids
  }
}

output "cluster_name" {
  description = "Name of the cluster, for aws eks update-kubeconfig."
  value       = module.eks.cluster_name
}

output "workload_role_arns" {
  description = "IAM roles of service accounts, by name."
  value       = module.eks.workload_role_arns
}

output "kafka_brokers_iam" {
  description = "Brokers for those who make topics and ACLs; null without brokers."
  value       = one(module.kafka[*].brokers_iam)
}

output "record" {
  description = "Brokers of this region and the CA of their clients, for the journals of all regions; null without brokers."
  value       = local.own_record
}

output "kafka_client_ca_arn" {
  description = "Private CA that signs the certificates by which the services of this region come to the brokers of the record."
  value       = local.is_record_known ? local.record.client_ca_arn : null
}

output "experiments" {
  description = "Experiment templates by what they do; empty without experiments."
  value       = merge(module.chaos[*].template_ids...)
}

output "helm_values" {
  description = "Values of the chart that this stack knows, in the chart's own structure: a values file."
  value       = local.helm_values
}

output "cluster_objects" {
  description = "Kubernetes objects that belong to this stack and not to the chart, as a List for kubectl apply: the storage class of etcd, and what enters pods into the target groups."
  value = {
    apiVersion = "v1"
    kind       = "List"
    items      = concat([local.storage_class, local.ready_service], local.target_group_bindings)
  }
}
