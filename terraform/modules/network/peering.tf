locals {
  # Of two regions exactly one asks; which one must not depend on who is applied first.
  asks    = { for region, peer in var.peers : region => peer if sort([var.region, region])[0] == var.region }
  accepts = { for region, peer in var.peers : region => peer if sort([var.region, region])[0] == region && peer.peering_connection_id != null }

  peering_ids = merge(
    { for region, peering in aws_vpc_peering_connection.asked : region => peering.id },
    { for region, peering in aws_vpc_peering_connection_accepter.accepted : region => peering.id },
  )

  # Keys are known before anything is made, so that a plan can tell every route.
  peered_tables = {
    for pair in setproduct(keys(merge(local.asks, local.accepts)), var.zones) :
    "${pair[0]}/${pair[1]}" => { region = pair[0], zone = pair[1] }
  }
}

resource "aws_vpc_peering_connection" "asked" {
  for_each = local.asks

  vpc_id      = aws_vpc.this.id
  peer_vpc_id = each.value.vpc_id
  peer_region = each.key

  tags = { Name = "${var.name}-${var.region}-${each.key}" }
}

resource "aws_vpc_peering_connection_accepter" "accepted" {
  for_each = local.accepts

  vpc_peering_connection_id = each.value.peering_connection_id
  auto_accept               = true

  tags = { Name = "${var.name}-${each.key}-${var.region}" }
}

resource "aws_route" "peer" {
  for_each = local.peered_tables

  route_table_id            = aws_route_table.private[each.value.zone].id
  destination_cidr_block    = var.peer_cidrs[each.value.region]
  vpc_peering_connection_id = local.peering_ids[each.value.region]
}

# Who may send quorum traffic, in one place: security groups admit it, and an experiment cuts it.
resource "aws_ec2_managed_prefix_list" "peers" {
  name           = "${var.name}-peers"
  address_family = "IPv4"
  max_entries    = length(var.peer_cidrs)

  dynamic "entry" {
    for_each = var.peer_cidrs

    content {
      cidr        = entry.value
      description = entry.key
    }
  }
}
