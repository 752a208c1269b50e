# Roles of service accounts. Router, coordinator, placement and journal have none: they ask AWS for
# nothing, and come to Kafka by certificate and to Redis by password.
locals {
  workload_roles = merge(
    local.roles,
    local.keeps_record ? local.archive_roles : {},
    local.is_record_known ? local.issuer_role : {},
  )

  roles = {
    # Takes the snapshots of etcd, and reads one back for a restore.
    etcd-snapshots = {
      namespace       = var.namespace
      service_account = "${var.release}-etcd"
      policy          = module.etcd_storage.snapshot_policy
    }

    # Hands the URLs with the passwords to the chart.
    external-secrets = {
      namespace       = "external-secrets"
      service_account = "external-secrets"
      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect   = "Allow"
            Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
            Resource = concat([module.redis.url_secret_arn], module.postgres[*].url_secret_arn)
          },
          {
            Effect   = "Allow"
            Action   = "kms:Decrypt"
            Resource = aws_kms_key.region.arn
          },
        ]
      })
    }

    # Enters the pods into the target groups; it makes no load balancer of its own.
    load-balancer-controller = {
      namespace       = "kube-system"
      service_account = "aws-load-balancer-controller"
      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Action = [
              "elasticloadbalancing:RegisterTargets",
              "elasticloadbalancing:DeregisterTargets",
            ]
            Resource = local.target_group_arns
          },
          {
            Effect = "Allow"
            Action = [
              "ec2:DescribeAvailabilityZones",
              "ec2:DescribeInstances",
              "ec2:DescribeNetworkInterfaces",
              "ec2:DescribeSecurityGroups",
              "ec2:DescribeSubnets",
              "ec2:DescribeVpcs",
              "elasticloadbalancing:DescribeTargetGroups",
              "elasticloadbalancing:DescribeTargetHealth",
            ]
            Resource = "*"
          },
        ]
      })
    }
  }

  archive_roles = {
    # Writes the archive, in whichever region that lies.
    archiver = {
      namespace       = var.namespace
      service_account = "${var.release}-archiver"
      policy          = local.global.archive.archiver_policy
    }

    # Reads it for those who verify the record.
    auditor = {
      namespace       = var.namespace
      service_account = "${var.release}-auditor"
      policy          = local.global.archive.reader_policy
    }
  }

  issuer_role = {
    # Signs what journal, auditor and router show to the brokers.
    certificate-issuer = {
      namespace       = "cert-manager"
      service_account = "aws-privateca-issuer"
      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = ["acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificate", "acm-pca:IssueCertificate"]
          Resource = try(local.record.client_ca_arn, null)
        }]
      })
    }
  }

  target_group_arns = concat(
    [
      aws_lb_target_group.routers.arn,
      aws_lb_target_group.ready.arn,
      aws_lb_target_group.quorum_routers.arn,
    ],
    [for group in aws_lb_target_group.coordinators : group.arn],
  )
}
