locals {
  # One group a pool and zone: an autoscaling group over three zones may fill one of them alone,
  # and a volume of etcd can only be mounted where it lies.
  node_groups = {
    for pair in setproduct(keys(var.pools), keys(var.subnet_ids)) :
    "${pair[0]}-${pair[1]}" => { pool = pair[0], zone = pair[1] }
  }
}

resource "aws_launch_template" "pool" {
  for_each = var.pools

  name                   = "${var.name}-${each.key}"
  update_default_version = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop: pods do not reach the credentials of their node.
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.volume_gb
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      # Experiments find the nodes of etcd by these.
      tags = {
        Name               = "${var.name}-${each.key}"
        "holdfast:cluster" = var.name
        "holdfast:pool"    = each.key
      }
    }
  }
}

resource "aws_eks_node_group" "this" {
  for_each = local.node_groups

  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node.arn
  version         = var.kubernetes_version
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  instance_types  = var.pools[each.value.pool].instance_types
  subnet_ids      = [var.subnet_ids[each.value.zone]]

  labels = { "holdfast.dev/pool" = each.value.pool }

  launch_template {
    id      = aws_launch_template.pool[each.value.pool].id
    version = aws_launch_template.pool[each.value.pool].latest_version
  }

  scaling_config {
    min_size     = var.pools[each.value.pool].min
    desired_size = var.pools[each.value.pool].min
    max_size     = var.pools[each.value.pool].max
  }

  # One node at a time, drained first: the disruption budgets of the chart hold.
  update_config {
    max_unavailable = 1
  }

  dynamic "taint" {
    for_each = var.pools[each.value.pool].taint == null ? [] : [var.pools[each.value.pool].taint]

    content {
      key    = "holdfast.dev/pool"
      value  = taint.value
      effect = "NO_SCHEDULE"
    }
  }

  lifecycle {
    # An autoscaler, or an operator in a bad hour, moves it between min and max.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.before_nodes]
}
