# Two network load balancers: one for clients, one inside for the other regions. Pods are their
# targets by address; the AWS Load Balancer Controller enters them, see output cluster_objects.
locals {
  ports = { grpc = 7420, coordinator = 7430, ready = 9464 }

  # One port at the load balancer for each coordinator: requests for a lock go to one of them.
  coordinator_ports = { for number in range(var.coordinators) : tostring(number) => local.ports.coordinator + number }
  quorum_ports      = concat([local.ports.grpc], values(local.coordinator_ports))

  # Which port of a pod each load balancer has to do with.
  ways_to_pods = merge(
    { for name in ["grpc", "ready"] : "clients-${name}" => { group = aws_security_group.clients.id, port = local.ports[name] } },
    { for name, port in local.ports : "quorum-${name}" => { group = aws_security_group.quorum.id, port = port } },
  )
}

data "aws_ec2_managed_prefix_list" "health_checkers" {
  name = "com.amazonaws.${var.region}.route53-healthchecks"
}

resource "aws_security_group" "clients" {
  name        = "${local.name}-clients"
  description = "Load balancer of the clients"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-clients" }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.clients.id
  description       = "Clients of locks"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = local.ports.grpc
  to_port           = local.ports.grpc
}

# Only those who ask for /ready: the same port of a router serves its metrics.
resource "aws_vpc_security_group_ingress_rule" "health_checkers" {
  security_group_id = aws_security_group.clients.id
  description       = "Health checkers of Route 53"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.health_checkers.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_security_group" "quorum" {
  name        = "${local.name}-quorum"
  description = "Load balancer of the other regions"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-quorum" }
}

resource "aws_vpc_security_group_ingress_rule" "quorum" {
  for_each = toset([for port in local.quorum_ports : tostring(port)])

  security_group_id = aws_security_group.quorum.id
  description       = "The other regions"
  prefix_list_id    = module.network.peer_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

# From both load balancers to the pods, and nowhere else.
resource "aws_vpc_security_group_egress_rule" "to_pods" {
  for_each = local.ways_to_pods

  security_group_id            = each.value.group
  description                  = "Pods"
  referenced_security_group_id = module.eks.node_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "pods" {
  for_each = local.ways_to_pods

  security_group_id            = module.eks.node_security_group_id
  description                  = "Load balancer, ${each.key}"
  referenced_security_group_id = each.value.group
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_lb" "clients" {
  # checkov:skip=CKV_AWS_91:its connections stand in the flow logs; access logs of a network load balancer tell of TLS that it ends, and that is the health check alone
  name                             = "${local.name}-clients"
  load_balancer_type               = "network"
  internal                         = false
  subnets                          = values(module.network.public_subnet_ids)
  security_groups                  = [aws_security_group.clients.id]
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = var.deletion_protection
}

resource "aws_lb" "quorum" {
  # checkov:skip=CKV_AWS_91:its connections stand in the flow logs, and it ends no TLS
  name                             = "${local.name}-quorum"
  load_balancer_type               = "network"
  internal                         = true
  subnets                          = values(module.network.private_subnet_ids)
  security_groups                  = [aws_security_group.quorum.id]
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = var.deletion_protection
}

resource "aws_lb_target_group" "routers" {
  name                   = "${local.name}-routers"
  vpc_id                 = module.network.vpc_id
  target_type            = "ip"
  protocol               = "TCP"
  port                   = local.ports.grpc
  deregistration_delay   = 60
  connection_termination = true

  health_check {
    protocol            = "HTTPS"
    port                = local.ports.ready
    path                = "/ready"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# The same routers once more, by the port of their health.
resource "aws_lb_target_group" "ready" {
  name        = "${local.name}-ready"
  vpc_id      = module.network.vpc_id
  target_type = "ip"
  protocol    = "TLS"
  port        = local.ports.ready

  health_check {
    protocol            = "HTTPS"
    path                = "/ready"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# For the other regions. A target group belongs to one load balancer, so routers are here again.
resource "aws_lb_target_group" "quorum_routers" {
  name                   = "${local.name}-q-routers"
  vpc_id                 = module.network.vpc_id
  target_type            = "ip"
  protocol               = "TCP"
  port                   = local.ports.grpc
  deregistration_delay   = 60
  connection_termination = true

  health_check {
    protocol            = "HTTPS"
    port                = local.ports.ready
    path                = "/ready"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group" "coordinators" {
  for_each = local.coordinator_ports

  name                   = "${local.name}-coord-${each.key}"
  vpc_id                 = module.network.vpc_id
  target_type            = "ip"
  protocol               = "TCP"
  port                   = local.ports.coordinator
  deregistration_delay   = 30
  connection_termination = true

  # By its port, not by /ready: it must be heard by the others before it can be ready.
  health_check {
    protocol            = "TCP"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# TLS goes through to the router, which asks each client for its certificate.
resource "aws_lb_listener" "grpc" {
  load_balancer_arn        = aws_lb.clients.arn
  protocol                 = "TCP"
  port                     = local.ports.grpc
  tcp_idle_timeout_seconds = 3600

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.routers.arn
  }
}

resource "aws_lb_listener" "ready" {
  load_balancer_arn = aws_lb.clients.arn
  protocol          = "TLS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.region.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ready.arn
  }
}

resource "aws_lb_listener" "quorum_routers" {
  load_balancer_arn        = aws_lb.quorum.arn
  protocol                 = "TCP"
  port                     = local.ports.grpc
  tcp_idle_timeout_seconds = 3600

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.quorum_routers.arn
  }
}

resource "aws_lb_listener" "coordinators" {
  for_each = local.coordinator_ports

  load_balancer_arn        = aws_lb.quorum.arn
  protocol                 = "TCP"
  port                     = each.value
  tcp_idle_timeout_seconds = 3600

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.coordinators[each.key].arn
  }
}
