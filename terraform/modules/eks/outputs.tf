output "cluster_name" {
  description = "Name of the cluster, for aws eks update-kubeconfig."
  value       = aws_eks_cluster.this.name
}

output "node_security_group_id" {
  description = "Security group of all nodes."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "service_node_groups" {
  description = "Autoscaling group of each node group of the pool services, by name of the node group."
  value = {
    for name, group in aws_eks_node_group.this : name => group.resources[0].autoscaling_groups[0].name
    if local.node_groups[name].pool == "services"
  }
}

output "workload_role_arns" {
  description = "IAM roles of service accounts, by name."
  value       = { for name in keys(var.workload_roles) : name => aws_iam_role.pod[name].arn }
}
