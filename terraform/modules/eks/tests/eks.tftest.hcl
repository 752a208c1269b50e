mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name               = "holdfast-test"
  region             = "us-east-1"
  kubernetes_version = "1.35"
  vpc_id             = "vpc-1"
  subnet_ids         = { us-east-1a = "subnet-a", us-east-1b = "subnet-b", us-east-1c = "subnet-c" }
  operator_cidrs     = ["10.200.0.0/16"]
  admin_role_arns    = ["arn:aws:iam::123456789012:role/platform"]
  kms_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  volume_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  pools = {
    services = { instance_types = ["m7i.large"], min = 1, max = 3 }
    etcd     = { instance_types = ["m7i.large"], min = 1, max = 2, taint = "etcd" }
  }

  workload_roles = {
    archiver = { namespace = "holdfast", service_account = "holdfast-archiver", policy = "{}" }
  }
}

run "the_api_is_private_and_its_secrets_are_encrypted" {
  command = plan

  assert {
    condition     = !aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "the API is reached from inside alone"
  }

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.kms_key_arn
    error_message = "secrets are encrypted with the key of the region"
  }

  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5
    error_message = "every log of the control plane is kept"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.operators : rule.cidr_ipv4 != "0.0.0.0/0"])
    error_message = "nothing comes in from everywhere"
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "administrators are those named, and no others"
  }
}

run "every_pool_has_a_node_group_in_each_zone" {
  command = plan

  assert {
    condition     = length(aws_eks_node_group.this) == 6
    error_message = "two pools over three zones are six groups"
  }

  assert {
    condition     = alltrue([for group in aws_eks_node_group.this : length(group.subnet_ids) == 1])
    error_message = "a group lies in one zone"
  }

  assert {
    condition     = aws_eks_node_group.this["etcd-us-east-1a"].taint != null && length(aws_eks_node_group.this["services-us-east-1a"].taint) == 0
    error_message = "only the pool of etcd is tainted"
  }

  assert {
    condition     = alltrue([for template in aws_launch_template.pool : template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1])
    error_message = "pods do not reach the credentials of their node"
  }

  assert {
    condition     = alltrue([for template in aws_launch_template.pool : template.block_device_mappings[0].ebs[0].encrypted == "true"])
    error_message = "disks of nodes are encrypted"
  }
}

run "network_policies_take_effect" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "the CNI enforces NetworkPolicy"
  }
}

run "a_role_belongs_to_one_service_account" {
  command = plan

  override_resource {
    target          = aws_eks_cluster.this
    override_during = plan
    values = {
      identity = [{ oidc = [{ issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC" }] }]
    }
  }

  override_resource {
    target          = aws_iam_openid_connect_provider.this
    override_during = plan
    values = {
      arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"
    }
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.pod["archiver"].assume_role_policy).Statement[0].Condition.StringEquals["oidc.eks.us-east-1.amazonaws.com/id/ABC:sub"]
      == "system:serviceaccount:holdfast:holdfast-archiver"
    )
    error_message = "the archiver's role is taken by the archiver's service account alone"
  }
}

run "a_cluster_without_a_pool_for_etcd_is_refused" {
  command = plan

  variables {
    pools = { services = { instance_types = ["m7i.large"], min = 1, max = 3 } }
  }

  expect_failures = [var.pools]
}

run "a_zone_without_nodes_is_refused" {
  command = plan

  variables {
    pools = {
      services = { instance_types = ["m7i.large"], min = 1, max = 3 }
      etcd     = { instance_types = ["m7i.large"], min = 0, max = 2 }
    }
  }

  expect_failures = [var.pools]
}

run "an_api_open_to_everyone_is_refused" {
  command = plan

  variables {
    operator_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.operator_cidrs]
}

run "other_bad_values_are_refused" {
  command = plan

  variables {
    kubernetes_version = "1.24"
    admin_role_arns    = []
    subnet_ids         = { us-east-1a = "subnet-a" }
    log_days           = 3
    name               = "H"
  }

  expect_failures = [var.kubernetes_version, var.admin_role_arns, var.subnet_ids, var.log_days, var.name]
}

run "what_stands_elsewhere_and_cannot_be_that_is_refused" {
  command = plan

  variables {
    region             = "east"
    vpc_id             = "10.10.0.0/16"
    workload_roles     = { all = { namespace = "holdfast", service_account = "*", policy = "{}" } }
    kms_key_arn        = "alias/holdfast"
    volume_kms_key_arn = "alias/holdfast"
  }

  expect_failures = [var.region, var.vpc_id, var.workload_roles, var.kms_key_arn, var.volume_kms_key_arn]
}
