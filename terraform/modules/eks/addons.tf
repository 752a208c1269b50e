locals {
  # What pods need before they can run.
  addons_before = {
    # Without the agent a NetworkPolicy is accepted and does nothing.
    vpc-cni    = jsonencode({ enableNetworkPolicy = "true" })
    kube-proxy = null
  }
  # What is itself made of pods. metrics-server feeds the autoscaler of the routers.
  addons_after = toset(["coredns", "aws-ebs-csi-driver", "metrics-server"])
}

resource "aws_eks_addon" "before_nodes" {
  for_each = local.addons_before

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "after_nodes" {
  for_each = local.addons_after

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  service_account_role_arn    = each.key == "aws-ebs-csi-driver" ? aws_iam_role.pod["ebs-csi"].arn : null
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.this]
}
