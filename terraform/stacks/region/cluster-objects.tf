locals {
  storage_class = {
    apiVersion           = "storage.k8s.io/v1"
    kind                 = "StorageClass"
    metadata             = { name = "gp3-etcd" }
    provisioner          = "ebs.csi.aws.com"
    parameters           = module.etcd_storage.storage_class_parameters
    allowVolumeExpansion = true
    # In the zone of the pod, and never taken away with it.
    volumeBindingMode = "WaitForFirstConsumer"
    reclaimPolicy     = "Retain"
  }

  # The chart's service of the routers has no port for their health; load balancers need one.
  ready_service = {
    apiVersion = "v1"
    kind       = "Service"
    metadata   = { name = "${var.release}-router-ready", namespace = var.namespace }
    spec = {
      ports = [{ name = "ready", port = local.ports.ready, targetPort = local.ports.ready }]
      selector = {
        "app.kubernetes.io/name"      = "holdfast"
        "app.kubernetes.io/instance"  = var.release
        "app.kubernetes.io/component" = "router"
      }
    }
  }

  bound = concat(
    [
      { name = "routers", service = "${var.release}-router", port = local.ports.grpc, arn = aws_lb_target_group.routers.arn },
      { name = "quorum-routers", service = "${var.release}-router", port = local.ports.grpc, arn = aws_lb_target_group.quorum_routers.arn },
      { name = "ready", service = local.ready_service.metadata.name, port = local.ports.ready, arn = aws_lb_target_group.ready.arn },
    ],
    [
      for number in keys(local.coordinator_ports) : {
        name    = "coordinator-${number}"
        service = "${var.release}-coordinator-${number}"
        port    = local.ports.coordinator
        arn     = aws_lb_target_group.coordinators[number].arn
      }
    ],
  )

  target_group_bindings = [
    for binding in local.bound : {
      apiVersion = "elbv2.k8s.aws/v1beta1"
      kind       = "TargetGroupBinding"
      metadata   = { name = "${var.release}-${binding.name}", namespace = var.namespace }
      spec = {
        targetGroupARN = binding.arn
        targetType     = "ip"
        serviceRef     = { name = binding.service, port = binding.port }
      }
    }
  ]
}
