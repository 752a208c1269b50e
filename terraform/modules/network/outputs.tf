output "vpc_id" {
  description = "The network; the other regions peer with it."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Public subnets by zone, for load balancers alone."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "private_subnet_ids" {
  description = "Private subnets by zone, for everything else."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "peer_prefix_list_id" {
  description = "Prefix list with the addresses of the two other regions."
  value       = aws_ec2_managed_prefix_list.peers.id
}

output "peering_connection_ids" {
  description = "Peerings this region asked for, by the region that has to accept them."
  value       = { for region, peering in aws_vpc_peering_connection.asked : region => peering.id }
}

output "private_subnet_arns" {
  description = "ARNs of the private subnets, for experiments."
  value       = [for subnet in aws_subnet.private : subnet.arn]
}

output "public_cidrs" {
  description = "Addresses of the public subnets, from which load balancers reach pods."
  value       = [for subnet in aws_subnet.public : subnet.cidr_block]
}

output "private_cidrs" {
  description = "Addresses of the private subnets."
  value       = [for subnet in aws_subnet.private : subnet.cidr_block]
}
